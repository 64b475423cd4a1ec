// purpose: say which encoder the vectors of the graph come from
// params: shop text, encoder text
// returns: vectors
MATCH (m:Graphsvc {shop: $shop})
SET m.vectors = $encoder
RETURN m.vectors AS vectors
