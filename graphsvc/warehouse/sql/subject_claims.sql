-- purpose: one product as it is now with the claims behind it, or with one of them by its id; a product of which nothing is
--   claimed stands alone
-- reads: claims, products, batch_order
-- params: id
SELECT p.product_id, c.*, p.source, p.file, p.line, p.row_hash, p.title
FROM (
    SELECT product_id, batch, source, file, line, row_hash, title, retired
    FROM (
        SELECT q.*, row_number() OVER (PARTITION BY q.product_id ORDER BY o.position DESC, q.line DESC) AS recency
        FROM products AS q JOIN batch_order AS o ON q.batch = o.batch
        WHERE q.product_id = $id OR q.product_id IN (SELECT subject FROM claims WHERE claim_id = $id)
    )
    WHERE recency = 1 AND NOT coalesce(retired, false)
) AS p
LEFT JOIN claims AS c ON c.subject = p.product_id AND c.batch = p.batch
WHERE p.product_id = $id OR c.claim_id = $id
ORDER BY c.predicate, c.qualifier, c.object, c.extractor
