-- purpose: the claims of texts, each as long as its text is the last word under its id and not removed: those that came with
--   the text, or with the latest reading of it. `told` is the text's place in the log
-- reads: claims, texts, readings, places
WITH later AS (
    SELECT r.document, r.batch, o.position, row_number() OVER (PARTITION BY r.document ORDER BY o.position DESC) AS recency
    FROM readings AS r JOIN places AS o ON r.batch = o.batch
    WHERE r.document IS NOT NULL
),
spoken AS (
    SELECT t.document_id, t.product_id, t.position, CASE WHEN l.position > t.position THEN l.batch ELSE t.batch END AS batch
    FROM texts AS t LEFT JOIN later AS l ON l.document = t.document_id AND l.recency = 1
    WHERE t.recency = 1 AND NOT t.retired
)
SELECT c.*, s.position AS told
FROM claims AS c JOIN spoken AS s ON c.document = s.document_id AND c.batch = s.batch AND c.subject = s.product_id
