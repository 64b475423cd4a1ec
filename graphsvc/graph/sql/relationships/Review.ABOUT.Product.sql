-- purpose: what each review is about
-- reads: graph_reviews, graph_products
SELECT DISTINCT 'review:' || review_id AS start, product_id AS "end"
FROM graph_reviews SEMI JOIN graph_products USING (product_id)
WHERE review_id IS NOT NULL
ORDER BY start, "end"
