// purpose: forget the vectors of products, for they are of texts that have changed
// params: rows list
// returns: none
UNWIND $rows AS row
MATCH (p:Product {id: row.id})
REMOVE p.embedding
