// purpose: products of the same category and of like price that are not bought together with a product
// params: product text, limit integer = 10
// returns: id, title, brand, price, currency, common_values
MATCH (p:Product {id: $product})-[:IN_CATEGORY]->(:Category)<-[:IN_CATEGORY]-(other:Product)
WHERE NOT EXISTS { (p)-[:BOUGHT_WITH]-(other) }
  AND (p.price IS NULL OR other.price IS NULL
       OR (coalesce(other.currency, '') = coalesce(p.currency, '') AND abs(other.price - p.price) <= 0.5 * p.price))
RETURN other.id AS id, other.title AS title, other.brand AS brand, other.price AS price, other.currency AS currency,
       COUNT { (p)-[:HAS_VALUE]->()<-[:HAS_VALUE]-(other) } AS common_values
ORDER BY common_values DESC, id
LIMIT $limit
