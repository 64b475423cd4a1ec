-- purpose: one node per variant (SKU)
-- reads: graph_products
SELECT 'variant:' || product_id || '/' || v.sku AS id, v.sku AS sku, min(v.title) AS title, min(v.price) AS price,
       min(v.currency) AS currency, max(v.stock) AS stock, min(v.gtin) AS gtin
FROM (SELECT product_id, unnest(variants) AS v FROM graph_products)
WHERE v.sku IS NOT NULL
GROUP BY product_id, v.sku
ORDER BY id
