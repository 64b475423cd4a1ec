-- purpose: what each shopper bought, aggregated; purchases_evidence lists the baskets behind an edge
-- reads: graph_events, graph_products
SELECT 'shopper:' || shopper AS start, product_id AS "end", count(*) AS count, round(sum(quantity), 4) AS quantity,
       round(sum(value), 4) AS value, max(time) AS last, 'purchases_evidence' AS evidence
FROM graph_events SEMI JOIN graph_products USING (product_id)
WHERE kind = 'buy' AND shopper IS NOT NULL
GROUP BY shopper, product_id
ORDER BY start, "end"
