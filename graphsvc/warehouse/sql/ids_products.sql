-- purpose: the ids of the products in the import (`own`: given by the source), and of those that the source gave before
CREATE VIEW ids AS SELECT seq, getvariable('name') || ':' || key AS id, true AS own FROM stage WHERE key IS NOT NULL;
CREATE VIEW mine AS SELECT product_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
