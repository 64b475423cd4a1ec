-- purpose: the claims that stand behind one product as it is now, or one claim by its id
-- reads: claims, products, batch_order
-- params: id
SELECT c.*, p.source, p.file, p.line, p.row_hash, p.title
FROM claims AS c
JOIN (
    SELECT product_id, batch, source, file, line, row_hash, title, retired
    FROM (
        SELECT q.*, row_number() OVER (PARTITION BY q.product_id ORDER BY o.position DESC, q.line DESC) AS recency
        FROM products AS q JOIN batch_order AS o ON q.batch = o.batch
    )
    WHERE recency = 1 AND NOT coalesce(retired, false)
) AS p ON c.subject = p.product_id AND c.batch = p.batch
WHERE c.subject = $id OR c.claim_id = $id
ORDER BY c.predicate, c.qualifier, c.object, c.extractor
