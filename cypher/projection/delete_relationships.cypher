// purpose: delete relationships
// params: rows list
// returns: none
// names: LABEL, KIND, END
UNWIND $rows AS row
MATCH (a:__LABEL__ {id: row.start})
MATCH (b:__END__ {id: row.end})
MATCH (a)-[r:__KIND__]->(b)
DELETE r
