// purpose: make nodes be as their rows say; properties that no row speaks of stay
// params: rows list
// returns: none
// names: LABEL
UNWIND $rows AS row
MERGE (n:__LABEL__ {id: row.id})
SET n += row
