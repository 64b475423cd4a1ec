// purpose: how many products each brand, manufacturer, category and value has; a derived family of variants counts none
// params: none
// returns: id, products
MATCH (p:Product)-[r:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->(f)
WHERE type(r) <> 'VARIANT_OF' OR r.derived IS NULL
RETURN f.id AS id, count(DISTINCT p) AS products
