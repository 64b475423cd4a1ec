// purpose: make relationships be as their rows say
// params: rows list
// returns: none
// names: LABEL, KIND, END
UNWIND $rows AS row
MATCH (a:__LABEL__ {id: row.start})
MATCH (b:__END__ {id: row.end})
MERGE (a)-[r:__KIND__]->(b)
SET r = row.properties
