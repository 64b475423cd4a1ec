-- purpose: coupons with the products that they reduce, one row for each pair
-- params: name
SELECT $name || ':' || s.key AS coupon_id, $name || ':' || s.campaign AS campaign_id, r.product_id,
       $name AS source, s.file, s.line, s.row_hash, '' AS batch
FROM stage AS s JOIN resolved AS r ON s.product = r.product
WHERE s.seq NOT IN (SELECT seq FROM refusals)
