-- purpose: who wrote each review
-- reads: reviews
SELECT DISTINCT 'shopper:' || shopper AS start, 'review:' || review_id AS "end"
FROM reviews
WHERE shopper IS NOT NULL
ORDER BY start, "end"
