-- purpose: hashes of the rows that this source has already given
-- params: name
CREATE TABLE known AS SELECT DISTINCT row_hash FROM history WHERE source = $name
