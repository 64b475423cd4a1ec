// purpose: make nodes that are not there yet; those that are stay as they are
// params: rows list
// returns: none
// names: LABEL
UNWIND $rows AS row
MERGE (n:__LABEL__ {id: row.id})
ON CREATE SET n += row
