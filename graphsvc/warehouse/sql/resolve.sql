-- purpose: from each product reference to a product: an exact id, else this source's key, else the SKU of a variant that
--   only one of its products has, else a key that only one source has
-- params: name
CREATE TABLE resolved AS
SELECT r.product, coalesce(e.product_id, o.product_id, v.product_id, u.product_id) AS product_id,
       greatest(coalesce(u.products, 0), coalesce(v.products, 0)) AS products
FROM (SELECT DISTINCT product FROM stage WHERE product IS NOT NULL) AS r
LEFT JOIN catalogue AS e ON e.product_id = r.product
LEFT JOIN catalogue AS o ON o.product_id = $name || ':' || r.product
LEFT JOIN (
    SELECT sku, CASE WHEN count(*) = 1 THEN min(product_id) END AS product_id, count(*) AS products
    FROM (SELECT DISTINCT product_id, unnest(variants).sku AS sku FROM catalogue WHERE source = $name)
    GROUP BY sku
) AS v ON v.sku = r.product
LEFT JOIN (
    SELECT key, CASE WHEN count(*) = 1 THEN min(product_id) END AS product_id, count(*) AS products
    FROM catalogue GROUP BY key
) AS u ON u.key = r.product
