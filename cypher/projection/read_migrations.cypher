// purpose: the migrations that were applied
// params: none
// returns: number, checksum
MATCH (m:GraphsvcMigration)
RETURN m.number AS number, m.checksum AS checksum
ORDER BY number
