-- purpose: the texts that are read anew, documents and imported reviews, those that stand about the products in scope, with
--   what is known of these
-- reads: documents, current_reviews, places, scope
WITH given AS (
    SELECT d.*, o.position, row_number() OVER (PARTITION BY d.document_id ORDER BY o.position DESC, d.line DESC) AS recency
    FROM documents AS d JOIN places AS o ON d.batch = o.batch
),
reviewed AS (SELECT r.*, o.position FROM current_reviews AS r JOIN places AS o ON r.batch = o.batch),
standing AS (
    SELECT g.document_id, g.product_id, NULL AS headline, g.text, g.language, FALSE AS review, g.source, g.file, g.line
    FROM given AS g
    WHERE g.recency = 1 AND NOT coalesce(g.retired, FALSE)
        AND NOT EXISTS (FROM reviewed AS r WHERE r.review_id = g.document_id AND r.position > g.position)
    UNION ALL
    SELECT r.review_id, r.product_id, r.title, r.text, r.language, TRUE, r.source, r.file, r.line
    FROM reviewed AS r
    WHERE coalesce(r.title, r.text) IS NOT NULL
        AND NOT EXISTS (FROM given AS g WHERE g.document_id = r.review_id AND g.position > r.position)
)
SELECT t.document_id, t.headline, t.text, t.source, t.file, t.line, p.product_id, p.title, p.description, p.brand,
       p.manufacturer, p.category, p.attributes, p.title_derived,
       CASE WHEN t.review THEN t.language ELSE coalesce(t.language, p.language) END AS language
FROM standing AS t JOIN scope AS p ON t.product_id = p.product_id
