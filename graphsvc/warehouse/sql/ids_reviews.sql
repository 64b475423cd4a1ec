-- purpose: the reviews of the import with their own ids, and those that the source gave before; ids_of_rows does the rest
CREATE VIEW asked AS SELECT seq, row_hash, key AS own FROM stage;
CREATE VIEW mine AS SELECT review_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
