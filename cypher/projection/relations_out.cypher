// purpose: relationships of one kind that leave a node
// params: id text, limit integer
// returns: label, node, properties
// names: LABEL, KIND, END
MATCH (n:__LABEL__ {id: $id})-[r:__KIND__]->(other:__END__)
RETURN labels(other)[0] AS label, properties(other) AS node, properties(r) AS properties
LIMIT $limit
