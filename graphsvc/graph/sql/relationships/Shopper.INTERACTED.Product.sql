-- purpose: what else each shopper did with a product, counted by kind
-- reads: graph_events, graph_products
SELECT 'shopper:' || shopper AS start, product_id AS "end",
       nullif(count(*) FILTER (kind = 'view'), 0) AS views,
       nullif(count(*) FILTER (kind = 'click'), 0) AS clicks,
       nullif(count(*) FILTER (kind = 'cart'), 0) AS carts,
       nullif(count(*) FILTER (kind = 'like'), 0) AS likes,
       nullif(count(*) FILTER (kind = 'share'), 0) AS shares,
       nullif(count(*) FILTER (kind = 'comment'), 0) AS comments,
       nullif(count(*) FILTER (kind = 'rate'), 0) AS rates,
       nullif(count(*) FILTER (kind = 'remove'), 0) AS removes,
       max(time) AS last
FROM graph_events SEMI JOIN graph_products USING (product_id)
WHERE kind NOT IN ('buy', 'impression') AND shopper IS NOT NULL
GROUP BY shopper, product_id
ORDER BY start, "end"
