// purpose: whose graph this is and how far it has followed
// params: none
// returns: shop, offset, tables, vectors
MATCH (m:Graphsvc)
RETURN m.shop AS shop, m.offset AS offset, m.tables AS tables, m.vectors AS vectors
LIMIT 1
