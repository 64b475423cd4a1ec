-- purpose: the lines of each basket
-- reads: events, products
SELECT 'basket:' || basket AS start, product_id AS "end", sum(quantity) AS quantity, sum(value) AS value
FROM events SEMI JOIN products USING (product_id)
WHERE kind = 'buy' AND basket IS NOT NULL
GROUP BY basket, product_id
ORDER BY start, "end"
