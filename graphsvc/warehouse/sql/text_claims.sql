-- purpose: the claims of texts, each as long as its text is the last word under its id and not removed
-- reads: claims, texts
SELECT c.*
FROM claims AS c SEMI JOIN texts AS t
    ON c.document = t.document_id AND c.batch = t.batch AND c.subject = t.product_id AND t.recency = 1 AND NOT t.retired
WHERE c.document IS NOT NULL
