// purpose: make room for a vector index of other dimensions
// params: none
// returns: none
DROP INDEX product_embedding IF EXISTS
