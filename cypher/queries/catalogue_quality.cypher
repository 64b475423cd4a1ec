// purpose: how complete each source is, in per cent of its products
// params: none
// returns: source, products, brand, category, price, description, image, attributes, derived_titles
MATCH (p:Product)
WITH p.source AS source, count(p) AS products,
     sum(CASE WHEN EXISTS { (p)-[:HAS_BRAND]->() } THEN 1 ELSE 0 END) AS brand,
     sum(CASE WHEN EXISTS { (p)-[:IN_CATEGORY]->() } THEN 1 ELSE 0 END) AS category,
     count(p.price) AS price, count(p.description) AS description, count(p.image) AS image,
     avg(COUNT { (p)-[:HAS_VALUE]->() }) AS attributes,
     sum(CASE WHEN p.title_derived THEN 1 ELSE 0 END) AS derived
RETURN source, products, round(100.0 * brand / products, 1) AS brand, round(100.0 * category / products, 1) AS category,
       round(100.0 * price / products, 1) AS price, round(100.0 * description / products, 1) AS description,
       round(100.0 * image / products, 1) AS image, round(attributes, 2) AS attributes,
       round(100.0 * derived / products, 1) AS derived_titles
ORDER BY products DESC
