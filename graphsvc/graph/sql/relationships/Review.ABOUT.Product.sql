-- purpose: what each review is about
-- reads: reviews, products
SELECT DISTINCT 'review:' || review_id AS start, product_id AS "end"
FROM reviews SEMI JOIN products USING (product_id)
ORDER BY start
