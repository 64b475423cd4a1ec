-- purpose: one node per offer of a seller
-- reads: graph_products
SELECT 'offer:' || product_id || '/' || coalesce(o.seller, '') AS id, o.seller AS seller, min(o.price) AS price,
       min(o.currency) AS currency, max(o.stock) AS stock, min(o.url) AS url
FROM (SELECT product_id, unnest(offers) AS o FROM graph_products)
GROUP BY product_id, o.seller
ORDER BY id
