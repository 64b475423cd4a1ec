// purpose: the brands, manufacturers, values and categories of products, and the categories above those
// params: rows list
// returns: label, id, depth
UNWIND $rows AS row
MATCH (p:Product {id: row.id})-[:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->(f)
OPTIONAL MATCH (f)-[:CHILD_OF*1..12]->(above)
WITH collect(DISTINCT f) + collect(DISTINCT above) AS found
UNWIND found AS n
RETURN DISTINCT labels(n)[0] AS label, n.id AS id, coalesce(n.depth, 0) AS depth
ORDER BY depth DESC
