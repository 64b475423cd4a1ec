-- purpose: one product as it is now with the claims of its own row, or with one of them by its id; a product of which nothing
--   is claimed stands alone
-- reads: claims, readings, products, batch_order
-- params: id
WITH ranked AS (
    SELECT q.*, o.position,
           row_number() OVER (PARTITION BY q.product_id ORDER BY o.position DESC, q.line DESC) AS recency
    FROM products AS q JOIN batch_order AS o ON q.batch = o.batch
    WHERE q.product_id = $id OR q.product_id IN (SELECT subject FROM claims WHERE claim_id = $id)
),
later AS (
    SELECT r.product_id, r.batch, o.position,
           row_number() OVER (PARTITION BY r.product_id ORDER BY o.position DESC) AS recency
    FROM readings AS r JOIN batch_order AS o ON r.batch = o.batch
    WHERE r.document IS NULL
),
spoken AS (
    SELECT p.product_id, p.source, p.file, p.line, p.row_hash, p.title,
           CASE WHEN l.position > p.position THEN l.batch ELSE p.batch END AS batch
    FROM ranked AS p LEFT JOIN later AS l ON l.product_id = p.product_id AND l.recency = 1
    WHERE p.recency = 1 AND NOT coalesce(p.retired, false)
)
SELECT p.product_id, c.*, p.source, p.file, p.line, p.row_hash, p.title
FROM spoken AS p LEFT JOIN claims AS c ON c.subject = p.product_id AND c.batch = p.batch AND c.document IS NULL
WHERE p.product_id = $id OR c.claim_id = $id
ORDER BY c.predicate, c.qualifier, c.object, c.extractor
