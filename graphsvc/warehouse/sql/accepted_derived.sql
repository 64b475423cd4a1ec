-- purpose: rows of the products that only order lines know
-- params: name
SELECT product_id, key, title, true AS title_derived, price, false AS retired, $name AS source, file, line, row_hash
FROM derived
