-- purpose: products that only the order lines know: the title most used, the median price paid. What its own row keeps from
--   being shown is none, nor is what was retired: a row of its own that is not in the catalogue
-- params: name
CREATE TABLE derived AS
SELECT $name || ':' || s.product AS product_id, s.product AS key, mode(s.title) AS title, median(s.price) AS price,
       arg_max(s.file, s.seq) AS file, arg_max(s.line, s.seq) AS line, arg_max(s.row_hash, s.seq) AS row_hash
FROM stage AS s JOIN resolved AS r ON s.product = r.product
WHERE r.product_id IS NULL AND r.products = 0 AND s.title IS NOT NULL AND s.quantity > 0 AND s.price > 0
  AND s.seq NOT IN (SELECT seq FROM refusals)
  AND $name || ':' || s.product NOT IN (SELECT identity FROM all_held WHERE identity IS NOT NULL AND contains(rule, 'not_published'))
  AND $name || ':' || s.product NOT IN (SELECT product_id FROM products)
GROUP BY s.product;
UPDATE resolved SET product_id = d.product_id FROM derived AS d WHERE resolved.product = d.key AND resolved.product_id IS NULL
