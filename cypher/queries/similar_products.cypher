// purpose: the products whose vectors are nearest to a product's
// params: product text, limit integer = 10
// returns: id, title, brand, category, score
MATCH (p:Product {id: $product})
WHERE p.embedding IS NOT NULL
CALL db.index.vector.queryNodes('product_embedding', $limit + 1, p.embedding) YIELD node, score
WHERE node <> p
RETURN node.id AS id, node.title AS title, node.brand AS brand, node.category AS category, score
ORDER BY score DESC, id
LIMIT $limit
