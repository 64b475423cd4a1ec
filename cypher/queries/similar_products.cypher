// purpose: the products whose vectors are nearest to a product's
// params: product text, limit integer = 10, candidates integer = 500
// returns: id, title, brand, category, score
// As in near: the index gives candidates, which are compared exactly.
MATCH (p:Product {id: $product})
WHERE p.embedding IS NOT NULL
CALL db.index.vector.queryNodes('product_embedding', $candidates + $limit, p.embedding) YIELD node
WHERE node <> p
WITH node, vector.similarity.cosine(node.embedding, p.embedding) AS score
RETURN node.id AS id, node.title AS title, node.brand AS brand, node.category AS category, score
ORDER BY score DESC, id
LIMIT $limit
