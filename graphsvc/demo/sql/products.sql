-- purpose: products with their titles, and the median price paid for one, where one was sold
-- reads: products, named, lines
SELECT p.product_id AS key, n.title, true AS title_derived, p.brand, 'Manufacturer ' || p.manufacturer_id AS manufacturer,
       n.category, s.price, CASE WHEN s.price IS NOT NULL THEN 'USD' END AS currency, n.size, n.case_size
FROM products AS p
JOIN named AS n
  ON p.department IS NOT DISTINCT FROM n.department AND p.product_category IS NOT DISTINCT FROM n.product_category
 AND p.product_type IS NOT DISTINCT FROM n.product_type AND p.package_size IS NOT DISTINCT FROM n.package_size
 AND p.brand IS NOT DISTINCT FROM n.brand
LEFT JOIN (
    SELECT product_id, round(median(value / quantity), 2) AS price
    FROM lines WHERE quantity > 0 AND value > 0 GROUP BY product_id
) AS s ON p.product_id = s.product_id
ORDER BY p.product_id
