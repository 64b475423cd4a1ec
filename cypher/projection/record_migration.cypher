// purpose: note that a migration was applied
// params: number integer, name text, checksum text
// returns: number
MERGE (m:GraphsvcMigration {number: $number})
SET m.name = $name, m.checksum = $checksum, m.time = datetime()
RETURN m.number AS number
