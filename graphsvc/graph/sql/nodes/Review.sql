-- purpose: one node per review
-- reads: graph_reviews
SELECT 'review:' || review_id AS id, min(rating) AS rating, min(title) AS title, min(text) AS text, min(time) AS time,
       min(language) AS language
FROM graph_reviews
WHERE review_id IS NOT NULL
GROUP BY review_id
ORDER BY id
