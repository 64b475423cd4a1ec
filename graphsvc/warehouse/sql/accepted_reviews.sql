-- purpose: reviews with their products
-- params: name
SELECT i.id AS review_id, r.product_id, s.shopper, s.rating, s.title, s.text, s.time,
       s.language, $name AS source, s.file, s.line, s.row_hash, '' AS batch
FROM stage AS s JOIN ids AS i ON s.seq = i.seq JOIN resolved AS r ON s.product = r.product
WHERE s.seq NOT IN (SELECT seq FROM refusals)
