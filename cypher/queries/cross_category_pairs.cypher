// purpose: pairs of categories whose products are bought together most, by the pairs behind them
// params: limit integer = 20
// returns: category_a, category_b, pairs, baskets, strongest
MATCH (a:Product)-[r:BOUGHT_WITH]->(b:Product)
MATCH (a)-[:IN_CATEGORY]->(x:Category)
MATCH (b)-[:IN_CATEGORY]->(y:Category)
WHERE x <> y
WITH CASE WHEN x.id < y.id THEN x ELSE y END AS one, CASE WHEN x.id < y.id THEN y ELSE x END AS other, r, a, b
ORDER BY r.lift DESC
WITH one, other, count(r) AS pairs, sum(r.count) AS baskets, collect(a.title + ' + ' + b.title)[0] AS strongest
RETURN reduce(path = '', part IN one.path | path + CASE path WHEN '' THEN '' ELSE ' > ' END + part) AS category_a,
       reduce(path = '', part IN other.path | path + CASE path WHEN '' THEN '' ELSE ' > ' END + part) AS category_b,
       pairs, baskets, strongest
ORDER BY baskets DESC, category_a, category_b
LIMIT $limit
