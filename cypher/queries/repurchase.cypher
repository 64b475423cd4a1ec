// purpose: the products that shoppers come back for: buyers, and the share of them who bought more than once
// params: least integer = 20, limit integer = 20
// returns: id, title, buyers, came_back, share
MATCH (p:Product)<-[r:BOUGHT]-(:Shopper)
WITH p, count(r) AS buyers, sum(CASE WHEN r.count > 1 THEN 1 ELSE 0 END) AS came_back
WHERE buyers >= $least
RETURN p.id AS id, p.title AS title, buyers, came_back, round(toFloat(came_back) / buyers, 3) AS share
ORDER BY share DESC, buyers DESC, id
LIMIT $limit
