-- purpose: one node per basket (order); two sources may use the same number
-- reads: graph_events
SELECT 'basket:' || source || '/' || basket AS id, min(time) AS time, round(sum(value), 4) AS value, count(*) AS lines
FROM graph_events
WHERE basket IS NOT NULL AND kind = 'buy'
GROUP BY source, basket
ORDER BY id
