-- purpose: the products of each coupon
-- reads: coupons, products
SELECT DISTINCT 'coupon:' || coupon_id AS start, product_id AS "end"
FROM coupons SEMI JOIN products USING (product_id)
ORDER BY start, "end"
