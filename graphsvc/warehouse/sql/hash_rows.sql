-- purpose: what each raw row is called, and whether the source says it now: a digest of its cells under the shop's key,
--   taken before anything is shielded, and how it is read. Nulls say that other rows have a column: they do not count
-- reads: incoming, known
-- params: key, reading (the version of the cleaning, the mapping and what is shielded)
SELECT h.seq, h.row_hash, k.row_hash IS NOT NULL AS known
FROM (
    SELECT seq, left(sha256($key || sha256($key || CAST(json_merge_patch('{}', to_json(cells)) AS VARCHAR))), 24) || $reading AS row_hash
    FROM incoming
) AS h
LEFT JOIN known AS k ON h.row_hash = k.row_hash
ORDER BY h.seq
