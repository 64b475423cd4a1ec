// purpose: give the database up
// params: shop text
// returns: none
MATCH (m:Graphsvc {shop: $shop})
DELETE m
