// purpose: how far each campaign's coupons reached: products, shoppers who redeemed, and how many of those bought
// params: limit integer = 20
// returns: campaign, begins, coupons, products, redeemers, buyers
MATCH (campaign:Campaign)<-[:PART_OF]-(coupon:Coupon)
WITH campaign, count(coupon) AS coupons, collect(coupon) AS all
CALL (all) {
  UNWIND all AS coupon
  OPTIONAL MATCH (coupon)-[:APPLIES_TO]->(p:Product)
  RETURN count(DISTINCT p) AS products
}
CALL (all) {
  UNWIND all AS coupon
  OPTIONAL MATCH (coupon)<-[:REDEEMED]-(s:Shopper)
  RETURN count(DISTINCT s) AS redeemers,
         count(DISTINCT CASE WHEN EXISTS { (s)-[:BOUGHT]->(:Product)<-[:APPLIES_TO]-(coupon) } THEN s END) AS buyers
}
RETURN coalesce(campaign.name, campaign.id) AS campaign, campaign.begins AS begins, coupons, products, redeemers, buyers
ORDER BY redeemers DESC, campaign
LIMIT $limit
