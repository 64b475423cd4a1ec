// purpose: the categories above those of a product: what lies in a category lies in the one that holds it
// params: id text, limit integer
// returns: label, node, properties
MATCH (:Product {id: $id})-[r:IN_CATEGORY]->(:Category)-[up:CHILD_OF*1..8]->(above:Category)
WITH above, r ORDER BY size(up)
WITH above, collect(r)[0] AS r
RETURN 'Category' AS label, properties(above) AS node, r {.confidence, .claims, derived: true} AS properties
ORDER BY above.id DESC
LIMIT $limit
