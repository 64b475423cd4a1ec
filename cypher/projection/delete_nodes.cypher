// purpose: delete nodes with all their relationships
// params: rows list
// returns: none
// names: LABEL
UNWIND $rows AS row
MATCH (n:__LABEL__ {id: row.id})
DETACH DELETE n
