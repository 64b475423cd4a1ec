-- purpose: the current rows of some products
-- reads: products, batch_order
-- params: ids
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT p.*, o.position,
           row_number() OVER (PARTITION BY p.product_id ORDER BY o.position DESC, p.line DESC) AS recency
    FROM products AS p JOIN batch_order AS o ON p.batch = o.batch
    WHERE p.product_id IN (SELECT unnest($ids))
)
WHERE recency = 1 AND NOT coalesce(retired, false)
ORDER BY product_id
