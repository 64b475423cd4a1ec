-- purpose: one node per product that is for sale
-- reads: products
SELECT product_id AS id, key, source, title, title_derived, description, price, currency, stock, gtin, url, image,
       language
FROM products
ORDER BY id
