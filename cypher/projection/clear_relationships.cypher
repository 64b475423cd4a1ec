// purpose: delete every relationship, a part at a time: outside a transaction only
// params: none
// returns: none
MATCH ()-[r]->()
CALL (r) { DELETE r } IN TRANSACTIONS OF 5000 ROWS
