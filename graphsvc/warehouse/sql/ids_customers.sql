-- purpose: the pseudonyms of the customers in the import, and of those that the source gave before
CREATE VIEW ids AS SELECT seq, shopper AS id, true AS own FROM stage WHERE shopper IS NOT NULL;
CREATE VIEW mine AS SELECT shopper AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
