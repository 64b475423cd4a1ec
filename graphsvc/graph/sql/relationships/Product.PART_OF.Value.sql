-- purpose: the collection or series of each product, as its texts say, with the claims that say so, or that what is derived rests on
-- reads: graph_facts, graph_products
SELECT product_id AS start, node_id AS "end", attribute, confidence, claims, derived
FROM graph_facts SEMI JOIN graph_products USING (product_id)
WHERE predicate = 'part_of'
ORDER BY start, "end"
