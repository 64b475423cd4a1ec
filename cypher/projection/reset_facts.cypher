// purpose: forget what is known of products, but not the products or what they are made of
// params: rows list
// returns: none
UNWIND $rows AS row
MATCH (p:Product {id: row.id})-[fact:HAS_BRAND|MADE_BY|IN_CATEGORY|HAS_VALUE
      |COMPATIBLE_WITH|ACCESSORY_OF|REPLACES|PART_OF|MADE_FROM|SUITS|VARIANT_OF]->()
DELETE fact
