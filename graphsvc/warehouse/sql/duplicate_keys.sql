-- purpose: of valid rows with one key the last wins, as it would in two imports
INSERT INTO refusals
SELECT seq, 'duplicate_key', 'the key ' || left(key, 80) || ' stands in the import more than once; the last row is used',
       'Give each row its own key, or remove this one.'
FROM (
    SELECT seq, key, row_number() OVER (PARTITION BY key ORDER BY seq DESC) AS place
    FROM stage
    WHERE key IN (SELECT key FROM stage GROUP BY key HAVING count(*) > 1) AND seq NOT IN (SELECT seq FROM refusals)
)
WHERE place > 1
