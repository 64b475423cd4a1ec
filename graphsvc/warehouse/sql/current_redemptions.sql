-- purpose: of rows that say the same of a redemption, the last in log order
-- reads: redemptions, batch_order
SELECT * FROM redemptions
WHERE hash(shopper, coupon_id, campaign_id, time) NOT IN (SELECT hash(shopper, coupon_id, campaign_id, time) FROM redemptions GROUP BY hash(shopper, coupon_id, campaign_id, time) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT t.*, o.position, row_number() OVER (PARTITION BY t.shopper, t.coupon_id, t.campaign_id, t.time ORDER BY o.position DESC, t.line DESC) AS recency
    FROM redemptions AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.shopper, t.coupon_id, t.campaign_id, t.time) IN (SELECT hash(shopper, coupon_id, campaign_id, time) FROM redemptions GROUP BY hash(shopper, coupon_id, campaign_id, time) HAVING count(*) > 1)
)
WHERE recency = 1
