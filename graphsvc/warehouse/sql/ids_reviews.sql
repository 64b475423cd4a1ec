-- purpose: the ids of the reviews in the import (`own`: given by the source), and of those that the source gave before
CREATE VIEW ids AS
SELECT seq, getvariable('name') || ':' || coalesce(key, left(md5(row), 24)) AS id, key IS NOT NULL AS own FROM stage;
CREATE VIEW mine AS SELECT review_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
