// purpose: drop every vector, for they come from another encoder: outside a transaction only
// params: none
// returns: none
MATCH (p:Product) WHERE p.embedding IS NOT NULL
CALL (p) { REMOVE p.embedding } IN TRANSACTIONS OF 5000 ROWS
