-- purpose: the ids of the reviews in the import: their own (`own`), else their raw row's. A raw row that stands behind a
--   review keeps its id, however it is read
INSERT INTO places
SELECT s.seq, min(h.review_id)
FROM stage AS s JOIN history AS h ON hash(left(s.row_hash, 24)) = hash(left(h.row_hash, 24))
WHERE h.source = getvariable('name') AND h.review_id <> getvariable('name') || ':' || coalesce(s.key, left(s.row_hash, 24))
GROUP BY s.seq;
CREATE VIEW ids AS
SELECT s.seq, coalesce(p.id, getvariable('name') || ':' || coalesce(s.key, left(s.row_hash, 24))) AS id, s.key IS NOT NULL AS own
FROM stage AS s LEFT JOIN places AS p ON s.seq = p.seq;
CREATE VIEW mine AS SELECT review_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
