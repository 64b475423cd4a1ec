-- purpose: the raw row behind a clean one, where lineage ends
-- reads: raw, batch_order
-- params: row_hash
SELECT r.source, r.asset, r.file, r.line, r.row
FROM raw AS r JOIN batch_order AS o ON r.batch = o.batch
WHERE r.row_hash = $row_hash
ORDER BY o.position DESC
LIMIT 1
