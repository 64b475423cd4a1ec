-- purpose: of rows that say the same of an event, the last in log order; `position` is a column of their own
-- reads: events, batch_order
SELECT * FROM events
WHERE hash(event_id) NOT IN (SELECT hash(event_id) FROM events GROUP BY hash(event_id) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (turn, recency)
FROM (
    SELECT t.*, o.position AS turn, row_number() OVER (PARTITION BY t.event_id ORDER BY o.position DESC, t.line DESC) AS recency
    FROM events AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.event_id) IN (SELECT hash(event_id) FROM events GROUP BY hash(event_id) HAVING count(*) > 1)
)
WHERE recency = 1
