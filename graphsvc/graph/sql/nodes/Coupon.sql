-- purpose: one node per coupon, also those that only redemptions name
-- reads: coupons, redemptions
SELECT DISTINCT 'coupon:' || coupon_id AS id
FROM (SELECT coupon_id FROM coupons UNION ALL SELECT coupon_id FROM redemptions)
WHERE coupon_id IS NOT NULL
ORDER BY id
