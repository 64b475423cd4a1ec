// purpose: the products whose vectors are nearest to a text's; --near gives the vector
// params: vector list, limit integer = 10
// returns: id, title, brand, category, score
CALL db.index.vector.queryNodes('product_embedding', $limit, $vector) YIELD node, score
RETURN node.id AS id, node.title AS title, node.brand AS brand, node.category AS category, score
ORDER BY score DESC, id
