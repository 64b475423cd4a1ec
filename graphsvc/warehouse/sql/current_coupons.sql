-- purpose: of rows that say the same of a coupon, the last in log order
-- reads: coupons, batch_order
SELECT * FROM coupons
WHERE hash(coupon_id, campaign_id, product_id) NOT IN (SELECT hash(coupon_id, campaign_id, product_id) FROM coupons GROUP BY hash(coupon_id, campaign_id, product_id) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT t.*, o.position, row_number() OVER (PARTITION BY t.coupon_id, t.campaign_id, t.product_id ORDER BY o.position DESC, t.line DESC) AS recency
    FROM coupons AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.coupon_id, t.campaign_id, t.product_id) IN (SELECT hash(coupon_id, campaign_id, product_id) FROM coupons GROUP BY hash(coupon_id, campaign_id, product_id) HAVING count(*) > 1)
)
WHERE recency = 1
