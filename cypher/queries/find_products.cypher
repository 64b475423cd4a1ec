// purpose: products by words of their titles, in the syntax of Lucene
// params: words text, limit integer = 20
// returns: id, title, brand, price, score
CALL db.index.fulltext.queryNodes('product_title', $words, {limit: $limit}) YIELD node, score
RETURN node.id AS id, node.title AS title, node.brand AS brand, node.price AS price, score
ORDER BY score DESC, id
