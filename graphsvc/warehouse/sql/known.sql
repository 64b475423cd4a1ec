-- purpose: hashes of the rows behind what this source says now; a row that goes back to an earlier value is none of them
-- params: name
CREATE TABLE known AS SELECT DISTINCT row_hash FROM history WHERE source = $name
