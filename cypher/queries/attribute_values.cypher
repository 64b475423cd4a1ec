// purpose: the values of an attribute, with the products and brands that have each
// params: attribute text, limit integer = 50
// returns: value, products, brands, example
MATCH (v:Value {attribute: $attribute})<--(p:Product)
OPTIONAL MATCH (p)-[:HAS_BRAND]->(b:Brand)
RETURN v.name AS value, count(DISTINCT p) AS products, count(DISTINCT b) AS brands, min(p.title) AS example
ORDER BY products DESC, value
LIMIT $limit
