// purpose: the facts of products, as ids of nodes; a family of variants that was derived is none
// params: ids list
// returns: product, facts
UNWIND $ids AS id
MATCH (p:Product {id: id})
OPTIONAL MATCH (p)-[r:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->(f)
  WHERE type(r) <> 'VARIANT_OF' OR r.derived IS NULL
RETURN p.id AS product, collect(f.id) AS facts
