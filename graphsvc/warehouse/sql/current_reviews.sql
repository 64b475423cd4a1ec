-- purpose: of rows that say the same of a review, the last in log order
-- reads: reviews, batch_order
SELECT * FROM reviews
WHERE hash(review_id) NOT IN (SELECT hash(review_id) FROM reviews GROUP BY hash(review_id) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT t.*, o.position, row_number() OVER (PARTITION BY t.review_id ORDER BY o.position DESC, t.line DESC) AS recency
    FROM reviews AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.review_id) IN (SELECT hash(review_id) FROM reviews GROUP BY hash(review_id) HAVING count(*) > 1)
)
WHERE recency = 1
