// purpose: the ends of every relationship of a kind
// params: none
// returns: start, end
// names: LABEL, KIND, END
MATCH (a:__LABEL__)-[:__KIND__]->(b:__END__)
RETURN a.id AS start, b.id AS end
