-- purpose: the products of each coupon
-- reads: graph_coupons, graph_products
SELECT DISTINCT 'coupon:' || coupon_id AS start, product_id AS "end"
FROM graph_coupons SEMI JOIN graph_products USING (product_id)
ORDER BY start, "end"
