// purpose: baskets, shoppers and money by month
// params: none
// returns: month, baskets, shoppers, value
MATCH (b:Basket)
WHERE b.time IS NOT NULL
OPTIONAL MATCH (s:Shopper)-[:PLACED]->(b)
WITH date.truncate('month', b.time) AS month, count(DISTINCT b) AS baskets, count(DISTINCT s) AS shoppers,
     sum(b.value) AS value
RETURN left(toString(month), 7) AS month, baskets, shoppers, round(value, 2) AS value
ORDER BY month
