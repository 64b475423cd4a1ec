-- purpose: the claims behind the products that exist: those that came with the current row of each, or with the latest
--   reading of that row; claims of texts about them stand in `text_claims`
-- reads: claims, readings, current_products, batch_order
WITH later AS (
    SELECT r.product_id, r.batch, o.position,
           row_number() OVER (PARTITION BY r.product_id ORDER BY o.position DESC) AS recency
    FROM readings AS r JOIN batch_order AS o ON r.batch = o.batch
    WHERE r.document IS NULL
),
spoken AS (
    SELECT p.product_id, CASE WHEN l.position > o.position THEN l.batch ELSE p.batch END AS batch
    FROM current_products AS p JOIN batch_order AS o ON p.batch = o.batch
    LEFT JOIN later AS l ON l.product_id = p.product_id AND l.recency = 1
)
SELECT c.*
FROM claims AS c SEMI JOIN spoken AS s ON c.subject = s.product_id AND c.batch = s.batch
WHERE c.document IS NULL
