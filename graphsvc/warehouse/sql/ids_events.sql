-- purpose: the events of the import with their own ids, and those that the source gave before; ids_of_rows does the rest
CREATE VIEW asked AS SELECT seq, row_hash, event_id AS own FROM stage;
CREATE VIEW mine AS SELECT event_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
