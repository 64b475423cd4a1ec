-- purpose: the mean rating of each product and how many gave one: reviews, and ratings that were tracked
-- reads: current_events, behaviour_reviews (product_id, rating), behaviour_items
SELECT i.item, avg(r.rating) AS rating, count(*) AS reviews FROM (
    SELECT product_id, rating FROM behaviour_reviews WHERE rating IS NOT NULL
    UNION ALL
    SELECT product_id, value AS rating FROM current_events WHERE kind = 'rate' AND value IS NOT NULL
) AS r JOIN behaviour_items AS i ON r.product_id = i.product_id
GROUP BY i.item
ORDER BY i.item
