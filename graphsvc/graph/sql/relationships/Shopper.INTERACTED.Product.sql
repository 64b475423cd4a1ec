-- purpose: what else each shopper did with a product, aggregated by kind
-- reads: events, products
SELECT 'shopper:' || shopper AS start, product_id AS "end", kind, count(*) AS count, max(time) AS last
FROM events SEMI JOIN products USING (product_id)
WHERE kind NOT IN ('buy', 'impression') AND shopper IS NOT NULL
GROUP BY shopper, product_id, kind
ORDER BY start, "end", kind
