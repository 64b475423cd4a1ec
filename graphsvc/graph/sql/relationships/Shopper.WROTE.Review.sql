-- purpose: who wrote each review
-- reads: graph_reviews
SELECT DISTINCT 'shopper:' || shopper AS start, 'review:' || review_id AS "end"
FROM graph_reviews
WHERE shopper IS NOT NULL AND review_id IS NOT NULL
ORDER BY start, "end"
