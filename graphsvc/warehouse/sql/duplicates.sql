-- purpose: refuse every row but the first of those that are equal in every column
INSERT INTO refusals
SELECT seq, 'exact_duplicate', 'the same row stands in the import more than once', 'Nothing to do: the first one is used.'
FROM (
    SELECT seq, row_number() OVER (PARTITION BY row_hash ORDER BY seq) AS place
    FROM stage
    WHERE row_hash IN (SELECT row_hash FROM stage GROUP BY row_hash HAVING count(*) > 1)
)
WHERE place > 1
