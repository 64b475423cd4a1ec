-- purpose: one node per offer of a seller
-- reads: products
SELECT 'offer:' || product_id || '/' || coalesce(o.seller, '') AS id, any_value(o.seller) AS seller,
       any_value(o.price) AS price, any_value(o.currency) AS currency, any_value(o.stock) AS stock,
       any_value(o.url) AS url
FROM (SELECT product_id, unnest(offers) AS o FROM products)
GROUP BY product_id, o.seller
ORDER BY id
