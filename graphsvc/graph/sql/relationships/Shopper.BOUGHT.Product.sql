-- purpose: what each shopper bought, aggregated; query_name lists the baskets behind an edge
-- reads: events, products
SELECT 'shopper:' || shopper AS start, product_id AS "end", count(*) AS count, sum(quantity) AS quantity,
       sum(value) AS value, max(time) AS last, 'purchases_evidence' AS evidence
FROM events SEMI JOIN products USING (product_id)
WHERE kind = 'buy' AND shopper IS NOT NULL
GROUP BY shopper, product_id
ORDER BY start, "end"
