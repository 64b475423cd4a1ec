-- purpose: one node per product that is for sale, with the row it came from
-- reads: graph_products
SELECT product_id AS id, key, title, title_derived, description, brand, manufacturer,
       CASE WHEN len(category) > 0 THEN category END AS category,
       price, currency, stock, gtin, url, image, language, source, file, line
FROM graph_products
ORDER BY id
