// purpose: the baskets in which two products were bought together
// params: a text, b text, limit integer = 100
// returns: basket, time, shopper, quantity_a, quantity_b
MATCH (:Product {id: $a})<-[x:CONTAINS]-(basket:Basket)-[y:CONTAINS]->(:Product {id: $b})
OPTIONAL MATCH (shopper:Shopper)-[:PLACED]->(basket)
RETURN basket.id AS basket, basket.time AS time, shopper.id AS shopper, x.quantity AS quantity_a,
       y.quantity AS quantity_b
ORDER BY time DESC, basket
LIMIT $limit
