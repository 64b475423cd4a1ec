-- purpose: one node per basket (order)
-- reads: events
SELECT 'basket:' || basket AS id, min(time) AS time, sum(value) AS value, count(*) AS lines
FROM events
WHERE basket IS NOT NULL AND kind = 'buy'
GROUP BY basket
ORDER BY id
