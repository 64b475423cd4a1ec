-- purpose: the offers of each product
-- reads: graph_products
SELECT DISTINCT product_id AS start, 'offer:' || product_id || '/' || coalesce(o.seller, '') AS "end"
FROM (SELECT product_id, unnest(offers) AS o FROM graph_products)
ORDER BY start, "end"
