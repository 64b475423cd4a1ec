// purpose: the next nodes of a label with their properties and the names of what they lead to, in the order of their ids
// params: label, after, rows, types (relationship types whose ends are wanted)
// returns: id, properties, ends (list of [type, name])
MATCH (n:$($label))
WITH n, elementId(n) AS id
WHERE id > $after
WITH n, id ORDER BY id LIMIT $rows
RETURN id, properties(n) AS properties,
       [(n)-[r]->(m) WHERE type(r) IN $types |
        [type(r), toString(coalesce(m.name, m.title, m.value, m.label, m.id, m.key))]] AS ends
ORDER BY id
