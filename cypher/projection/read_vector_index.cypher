// purpose: the number of dimensions of the vector index, if there is one
// params: none
// returns: options
SHOW VECTOR INDEXES YIELD name, options
WHERE name = 'product_embedding'
RETURN options
