-- purpose: reviews with their products
-- params: name
SELECT $name || ':' || coalesce(s.key, left(md5(s.row), 24)) AS review_id, r.product_id, s.shopper, s.rating, s.title, s.text, s.time,
       s.language, $name AS source, s.file, s.line, s.row_hash, '' AS batch
FROM stage AS s JOIN resolved AS r ON s.product = r.product
WHERE s.seq NOT IN (SELECT seq FROM refusals)
