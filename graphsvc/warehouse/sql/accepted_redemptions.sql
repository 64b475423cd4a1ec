-- purpose: coupons that shoppers used
-- params: name
SELECT shopper, $name || ':' || coupon AS coupon_id, $name || ':' || campaign AS campaign_id, time,
       $name AS source, file, line, row_hash, '' AS batch
FROM stage WHERE seq NOT IN (SELECT seq FROM refusals)
