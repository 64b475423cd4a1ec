-- purpose: what rows from quarantine are called: the digest that they were given when they came, read as rows are now
-- reads: incoming, known
-- params: reading
SELECT h.seq, h.row_hash, k.row_hash IS NOT NULL AS known
FROM (SELECT seq, left(row_hash, 24) || $reading AS row_hash FROM incoming) AS h
LEFT JOIN known AS k ON h.row_hash = k.row_hash
ORDER BY h.seq
