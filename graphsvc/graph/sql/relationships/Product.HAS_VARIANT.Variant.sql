-- purpose: the variants of each product
-- reads: graph_products
SELECT DISTINCT product_id AS start, 'variant:' || product_id || '/' || v.sku AS "end"
FROM (SELECT product_id, unnest(variants) AS v FROM graph_products)
WHERE v.sku IS NOT NULL
ORDER BY start, "end"
