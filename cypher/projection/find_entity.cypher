// purpose: one node by its id, whatever its label; a product wins over a node that happens to have its id
// params: id text
// returns: label, node
MATCH (n:Product|Variant|Offer|Brand|Manufacturer|Category|Value|Shopper|Basket|Campaign|Coupon|Review {id: $id})
RETURN labels(n)[0] AS label, properties(n) AS node
ORDER BY label <> 'Product'
LIMIT 1
