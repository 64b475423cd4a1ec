// purpose: the vector index over products; Cypher takes its options as a parameter
// params: options any
// returns: none
CREATE VECTOR INDEX product_embedding IF NOT EXISTS
FOR (p:Product) ON (p.embedding)
OPTIONS $options
