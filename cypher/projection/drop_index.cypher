// purpose: remove an index
// params: name text
// returns: none
DROP INDEX $name IF EXISTS
