// purpose: give products their vectors; equal ones come once, with all their products
// params: rows list
// returns: none
UNWIND $rows AS row
UNWIND row.ids AS id
MATCH (p:Product {id: id})
CALL db.create.setNodeVectorProperty(p, 'embedding', row.vector)
