-- purpose: one node per review
-- reads: reviews
SELECT 'review:' || review_id AS id, any_value(rating) AS rating, any_value(title) AS title, any_value(text) AS text,
       any_value(time) AS time, any_value(language) AS language
FROM reviews
GROUP BY review_id
ORDER BY id
