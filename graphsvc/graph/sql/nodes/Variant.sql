-- purpose: one node per variant (SKU)
-- reads: products
SELECT 'variant:' || product_id || '/' || v.sku AS id, any_value(v.sku) AS sku, any_value(v.title) AS title,
       any_value(v.price) AS price, any_value(v.currency) AS currency, any_value(v.stock) AS stock,
       any_value(v.gtin) AS gtin
FROM (SELECT product_id, unnest(variants) AS v FROM products)
WHERE v.sku IS NOT NULL
GROUP BY product_id, v.sku
ORDER BY id
