// purpose: the row that a product came from, and each of its facts with how sure it is and the claims behind it
// params: product text
// returns: relation, fact, confidence, claims, derived, source, file, line
MATCH (p:Product {id: $product})-[r:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->(n)
RETURN type(r) AS relation, n.id AS fact, r.confidence AS confidence, r.claims AS claims,
       coalesce(r.derived, false) AS derived, p.source AS source, p.file AS file, p.line AS line
ORDER BY relation, fact
