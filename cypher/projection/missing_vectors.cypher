// purpose: products that have no vector, or have changed since they got theirs
// params: none
// returns: id
MATCH (p:Product)
WHERE p.embedding IS NULL
RETURN p.id AS id
