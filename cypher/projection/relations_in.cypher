// purpose: relationships of one kind that reach a node
// params: id text, limit integer
// returns: label, node, properties
// names: LABEL, KIND, END
MATCH (n:__END__ {id: $id})<-[r:__KIND__]-(other:__LABEL__)
RETURN labels(other)[0] AS label, properties(other) AS node, properties(r) AS properties
LIMIT $limit
