-- purpose: coupons that households used
-- reads: coupon_redemptions
SELECT household_id AS shopper, coupon_upc AS coupon, campaign_id AS campaign, redemption_date AS time
FROM coupon_redemptions
ORDER BY redemption_date, household_id, coupon_upc
