-- purpose: of rows that say the same of a shopper, the last in log order
-- reads: customers, batch_order
SELECT * FROM customers
WHERE hash(shopper) NOT IN (SELECT hash(shopper) FROM customers GROUP BY hash(shopper) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT t.*, o.position, row_number() OVER (PARTITION BY t.shopper ORDER BY o.position DESC, t.line DESC) AS recency
    FROM customers AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.shopper) IN (SELECT hash(shopper) FROM customers GROUP BY hash(shopper) HAVING count(*) > 1)
)
WHERE recency = 1
