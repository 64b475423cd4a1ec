// purpose: the brands with most buyers, in a category and all below it or everywhere
// params: category text = null, limit integer = 20
// returns: brand, products, buyers, purchases, value
MATCH (brand:Brand)<-[:HAS_BRAND]-(p:Product)
WHERE $category IS NULL
   OR EXISTS { (p)-[:IN_CATEGORY]->(:Category)-[:CHILD_OF*0..12]->(:Category {id: $category}) }
OPTIONAL MATCH (p)<-[bought:BOUGHT]-(shopper:Shopper)
RETURN brand.name AS brand, count(DISTINCT p) AS products, count(DISTINCT shopper) AS buyers,
       sum(bought.count) AS purchases, round(sum(bought.value), 2) AS value
ORDER BY buyers DESC, products DESC, brand
LIMIT $limit
