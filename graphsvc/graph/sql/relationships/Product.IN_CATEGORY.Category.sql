-- purpose: the category of each product, with the claims that say so
-- reads: graph_facts, graph_products
SELECT product_id AS start, node_id AS "end", confidence, claims
FROM graph_facts SEMI JOIN graph_products USING (product_id)
WHERE predicate = 'in_category'
ORDER BY start, "end"
