// purpose: delete every node, a part at a time: outside a transaction only; the marker goes last
// params: none
// returns: none
MATCH (n) WHERE NOT n:Graphsvc
CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS
