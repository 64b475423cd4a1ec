-- purpose: the ids of the events in the import (`own`: given by the source), and of those that the source gave before
CREATE VIEW ids AS
SELECT seq, getvariable('name') || ':' || coalesce(event_id, left(md5(row), 24)) AS id, event_id IS NOT NULL AS own FROM stage;
CREATE VIEW mine AS SELECT event_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
