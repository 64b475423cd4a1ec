// purpose: the shoppers who bought most of what a shopper bought, by the share of both that is common
// params: shopper text, limit integer = 10
// returns: shopper, common, share, examples
MATCH (me:Shopper {id: $shopper})-[:BOUGHT]->(p:Product)<-[:BOUGHT]-(other:Shopper)
WITH me, other, count(p) AS common, collect(p.title)[..3] AS examples
WITH me, other, common, examples, COUNT { (me)-[:BOUGHT]->() } + COUNT { (other)-[:BOUGHT]->() } - common AS all
RETURN other.id AS shopper, common, round(toFloat(common) / all, 4) AS share, examples
ORDER BY share DESC, shopper
LIMIT $limit
