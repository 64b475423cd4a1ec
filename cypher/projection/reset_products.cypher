// purpose: forget what products are made of and what is known of them, but not who bought or rated them
// params: rows list
// returns: none
UNWIND $rows AS row
MATCH (p:Product {id: row.id})
OPTIONAL MATCH (p)-[fact:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->()
DELETE fact
WITH DISTINCT p
OPTIONAL MATCH (p)-[:HAS_VARIANT|OFFERED_AS]->(part)
DETACH DELETE part
