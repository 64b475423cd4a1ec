-- purpose: each raw row as JSON, its hash, and whether the source gave it before
-- reads: incoming, known
-- params: fingerprint
SELECT h.index, h.row, h.row_hash, k.row_hash IS NOT NULL AS known
FROM (
    SELECT i.index, CAST(to_json(i.cells) AS VARCHAR) AS row, md5(CAST(to_json(i.cells) AS VARCHAR) || $fingerprint) AS row_hash
    FROM incoming AS i
) AS h
LEFT JOIN known AS k ON h.row_hash = k.row_hash
ORDER BY h.index
