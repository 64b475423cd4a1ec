-- purpose: whose basket it was
-- reads: graph_events
SELECT DISTINCT 'shopper:' || shopper AS start, 'basket:' || source || '/' || basket AS "end"
FROM graph_events
WHERE kind = 'buy' AND shopper IS NOT NULL AND basket IS NOT NULL
ORDER BY start, "end"
