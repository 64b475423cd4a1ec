-- purpose: one node per coupon, also those that only redemptions name
-- reads: graph_coupons, graph_redemptions
SELECT DISTINCT 'coupon:' || coupon_id AS id
FROM (SELECT coupon_id FROM graph_coupons UNION ALL SELECT coupon_id FROM graph_redemptions)
WHERE coupon_id IS NOT NULL
ORDER BY id
