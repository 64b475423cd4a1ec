-- purpose: of events of which more than one row speaks, the last in log order
-- reads: events, batch_order, repeated
SELECT * EXCLUDE (turn, recency)
FROM (
    SELECT t.*, o.position AS turn, row_number() OVER (PARTITION BY t.event_id ORDER BY o.position DESC, t.line DESC) AS recency
    FROM events AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.event_id) IN (SELECT id FROM repeated)
)
WHERE recency = 1
