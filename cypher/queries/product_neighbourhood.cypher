// purpose: everything one step from a product, with the claims that say so
// params: product text, limit integer = 100
// returns: relation, label, id, name, confidence, claims, derived
MATCH (p:Product {id: $product})-[r:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF|HAS_VARIANT|OFFERED_AS|BOUGHT_WITH]-(n)
RETURN type(r) AS relation, labels(n)[0] AS label, n.id AS id, coalesce(n.name, n.title, n.sku, n.seller) AS name,
       r.confidence AS confidence, r.claims AS claims, coalesce(r.derived, false) AS derived
ORDER BY relation, coalesce(r.count, 0) DESC, id
LIMIT $limit
