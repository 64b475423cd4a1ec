// purpose: products that lack a brand, a price or a category
// params: source text = null, limit integer = 100
// returns: id, title, source, lacks
MATCH (p:Product)
WHERE $source IS NULL OR p.source = $source
WITH p, [lack IN [
  CASE WHEN NOT EXISTS { (p)-[:HAS_BRAND]->() } THEN 'brand' END,
  CASE WHEN p.price IS NULL THEN 'price' END,
  CASE WHEN NOT EXISTS { (p)-[:IN_CATEGORY]->() } THEN 'category' END
] WHERE lack IS NOT NULL] AS lacks
WHERE size(lacks) > 0
RETURN p.id AS id, p.title AS title, p.source AS source, lacks
ORDER BY size(lacks) DESC, id
LIMIT $limit
