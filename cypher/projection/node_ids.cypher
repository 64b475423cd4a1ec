// purpose: the id of every node of a label
// params: none
// returns: id
// names: LABEL
MATCH (n:__LABEL__)
RETURN n.id AS id
