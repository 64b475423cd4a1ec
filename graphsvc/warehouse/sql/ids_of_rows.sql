-- purpose: ids where a row may bring its own (`own`): that, else its raw row's. A raw row that stands behind something
--   keeps the id of it, however it is read
-- reads: asked (seq, row_hash, own), mine
INSERT INTO places
SELECT a.seq, min(m.id)
FROM asked AS a JOIN mine AS m ON hash(left(a.row_hash, 24)) = hash(left(m.row_hash, 24))
WHERE m.id <> getvariable('name') || ':' || coalesce(a.own, left(a.row_hash, 24))
GROUP BY a.seq;
CREATE VIEW ids AS
SELECT a.seq, coalesce(p.id, getvariable('name') || ':' || coalesce(a.own, left(a.row_hash, 24))) AS id, a.own IS NOT NULL AS own
FROM asked AS a LEFT JOIN places AS p ON a.seq = p.seq
