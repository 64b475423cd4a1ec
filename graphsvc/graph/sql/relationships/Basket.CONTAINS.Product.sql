-- purpose: the lines of each basket
-- reads: graph_events, graph_products
SELECT 'basket:' || source || '/' || basket AS start, product_id AS "end", round(sum(quantity), 4) AS quantity,
       round(sum(value), 4) AS value
FROM graph_events SEMI JOIN graph_products USING (product_id)
WHERE kind = 'buy' AND basket IS NOT NULL
GROUP BY source, basket, product_id
ORDER BY start, "end"
