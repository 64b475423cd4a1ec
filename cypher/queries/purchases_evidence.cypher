// purpose: the baskets in which a shopper bought a product
// params: shopper text, product text, limit integer = 100
// returns: basket, time, quantity, value
MATCH (:Shopper {id: $shopper})-[:PLACED]->(basket:Basket)-[line:CONTAINS]->(:Product {id: $product})
RETURN basket.id AS basket, basket.time AS time, line.quantity AS quantity, line.value AS value
ORDER BY time DESC, basket
LIMIT $limit
