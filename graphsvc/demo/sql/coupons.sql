-- purpose: coupons, one row for each product that one reduces; repeated rows and unknown products stay in
-- reads: coupons
SELECT coupon_upc AS key, campaign_id AS campaign, product_id AS product
FROM coupons
ORDER BY coupon_upc, campaign_id, product_id
