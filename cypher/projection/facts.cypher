// purpose: the facts of products, as ids of nodes
// params: ids list
// returns: product, facts
UNWIND $ids AS id
MATCH (p:Product {id: id})
OPTIONAL MATCH (p)-[:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS]->(f)
RETURN p.id AS product, collect(f.id) AS facts
