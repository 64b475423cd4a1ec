-- purpose: one node per shopper, under a pseudonym
-- reads: customers, events, reviews, redemptions
SELECT DISTINCT 'shopper:' || shopper AS id
FROM (
    SELECT shopper FROM customers
    UNION ALL SELECT shopper FROM events
    UNION ALL SELECT shopper FROM reviews
    UNION ALL SELECT shopper FROM redemptions
)
WHERE shopper IS NOT NULL
ORDER BY id
