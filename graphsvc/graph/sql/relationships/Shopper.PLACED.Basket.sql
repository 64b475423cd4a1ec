-- purpose: whose basket it was
-- reads: events
SELECT DISTINCT 'shopper:' || shopper AS start, 'basket:' || basket AS "end"
FROM events
WHERE kind = 'buy' AND shopper IS NOT NULL AND basket IS NOT NULL
ORDER BY start, "end"
