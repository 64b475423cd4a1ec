-- purpose: refuse every row but the first of those that are equal in every column
INSERT INTO refusals
SELECT seq, 'exact_duplicate', 'the same row stands in the import more than once', 'Nothing to do: the first one is used.'
FROM (
    SELECT seq, row_number() OVER (PARTITION BY row_hash ORDER BY seq) AS place
    FROM stage
    WHERE hash(row_hash) IN (SELECT hash(row_hash) FROM stage GROUP BY hash(row_hash) HAVING count(*) > 1)
)
WHERE place > 1
