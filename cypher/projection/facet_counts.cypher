// purpose: how many products each brand, manufacturer, category and value has
// params: none
// returns: id, products
MATCH (p:Product)-[:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS]->(f)
RETURN f.id AS id, count(DISTINCT p) AS products
