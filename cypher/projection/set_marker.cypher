// purpose: say whose graph this is, how far it has followed and from which tables it was made
// params: shop text, offset integer, tables text
// returns: offset
MERGE (m:Graphsvc {shop: $shop})
SET m.offset = $offset, m.tables = $tables
RETURN m.offset AS offset
