-- purpose: the campaigns of each coupon
-- reads: graph_coupons
SELECT DISTINCT 'coupon:' || coupon_id AS start, 'campaign:' || campaign_id AS "end"
FROM graph_coupons
WHERE campaign_id IS NOT NULL
ORDER BY start, "end"
