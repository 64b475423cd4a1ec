-- purpose: every word on each text of which something is claimed: documents, and the reviews of imports
-- reads: claims, documents, reviews, places
SELECT t.*, o.position, row_number() OVER (PARTITION BY t.document_id ORDER BY o.position DESC, t.line DESC) AS recency
FROM (
    SELECT document_id, product_id, kind, text, language, coalesce(retired, false) AS retired, source, file, line, row_hash,
           batch
    FROM documents
    UNION ALL
    SELECT review_id, product_id, 'review', concat_ws(chr(10), title, text), language, false, source, file, line, row_hash,
           batch
    FROM reviews
    WHERE review_id IN (SELECT document FROM claims WHERE document IS NOT NULL)
) AS t JOIN places AS o ON t.batch = o.batch
