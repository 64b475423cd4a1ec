-- purpose: who redeemed which coupon, and how often
-- reads: graph_redemptions
SELECT 'shopper:' || shopper AS start, 'coupon:' || coupon_id AS "end", max(time) AS time, count(*) AS count
FROM graph_redemptions
WHERE shopper IS NOT NULL AND coupon_id IS NOT NULL
GROUP BY shopper, coupon_id
ORDER BY start, "end"
