-- purpose: what stands in quarantine now: the last word on each refused row, unless it was released
-- reads: quarantine, batch_order
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT q.*, o.position, row_number() OVER (PARTITION BY q.quarantine_id ORDER BY o.position DESC) AS recency
    FROM quarantine AS q JOIN batch_order AS o ON q.batch = o.batch
)
WHERE recency = 1 AND rule <> 'released'
ORDER BY source, asset, file, line
