-- purpose: who redeemed which coupon, and how often
-- reads: redemptions
SELECT 'shopper:' || shopper AS start, 'coupon:' || coupon_id AS "end", max(time) AS time, count(*) AS count
FROM redemptions
WHERE shopper IS NOT NULL AND coupon_id IS NOT NULL
GROUP BY shopper, coupon_id
ORDER BY start, "end"
