-- purpose: each raw row as JSON without its nulls, its hash, and whether the source gave it before. A null says that
--   other rows have a column: it must not make the row another one
-- reads: incoming, known
-- params: reading (the version of the cleaning and the mapping)
SELECT h.seq, h.row, h.row_hash, k.row_hash IS NOT NULL AS known
FROM (
    SELECT seq, row, md5(row || $reading) AS row_hash
    FROM (SELECT i.seq, CAST(json_merge_patch('{}', to_json(i.cells)) AS VARCHAR) AS row FROM incoming AS i)
) AS h
LEFT JOIN known AS k ON h.row_hash = k.row_hash
ORDER BY h.seq
