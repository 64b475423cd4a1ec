// purpose: the products whose vectors are nearest to a text's; --near gives the vector
// params: vector list, limit integer = 10, candidates integer = 500
// returns: id, title, brand, category, score
// The index compares coarsened vectors, and not all: what it finds are candidates, which are compared exactly.
CALL db.index.vector.queryNodes('product_embedding', $candidates + $limit, $vector) YIELD node
WITH node, vector.similarity.cosine(node.embedding, $vector) AS score
RETURN node.id AS id, node.title AS title, node.brand AS brand, node.category AS category, score
ORDER BY score DESC, id
LIMIT $limit
