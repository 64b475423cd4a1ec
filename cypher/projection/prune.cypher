// purpose: delete brands, manufacturers, values and categories that no product has any more
// params: rows list
// returns: none
// names: LABEL
UNWIND $rows AS row
MATCH (n:__LABEL__ {id: row.id})
WHERE NOT EXISTS { (n)<-[:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF|CHILD_OF]-() }
DETACH DELETE n
