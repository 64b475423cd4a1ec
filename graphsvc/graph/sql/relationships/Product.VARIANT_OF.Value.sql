-- purpose: the family of each product's variants, as claims say or as its title shows, with the claims that this follows from
-- reads: graph_facts, graph_products
SELECT product_id AS start, node_id AS "end", attribute, confidence, claims, derived
FROM graph_facts SEMI JOIN graph_products USING (product_id)
WHERE predicate = 'variant_of'
ORDER BY start, "end"
