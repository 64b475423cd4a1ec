// purpose: say how far a graph that stands has followed
// params: shop text, offset integer
// returns: offset
MATCH (m:Graphsvc {shop: $shop})
SET m.offset = $offset
RETURN m.offset AS offset
