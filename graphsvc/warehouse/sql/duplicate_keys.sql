-- purpose: of valid rows with one id the last wins, as it would in two imports. A row that is unchanged counts where it
--   stands, and a row that was refused does not come back over one that stood below it
-- params: retry
CREATE TABLE valid AS
SELECT seq, id, true AS fresh FROM ids WHERE own AND seq NOT IN (SELECT seq FROM refusals);
CREATE TABLE again AS SELECT id, row_hash, file, line FROM mine WHERE hash(id) IN (SELECT hash(id) FROM valid);
INSERT INTO valid
SELECT s.seq, a.id, false
FROM seen AS s JOIN again AS a ON s.row_hash = a.row_hash;
INSERT INTO refusals
SELECT seq, 'duplicate_key', 'the key ' || left(id, 80) || ' stands in the import more than once; the last row is used',
       'Give each row its own key, or remove this one.'
FROM (
    SELECT seq, id, fresh, row_number() OVER (PARTITION BY id ORDER BY seq DESC) AS place
    FROM valid
    WHERE hash(id) IN (SELECT hash(id) FROM valid GROUP BY hash(id) HAVING count(*) > 1)
)
WHERE place > 1 AND fresh;
INSERT INTO refusals
SELECT DISTINCT s.seq, 'duplicate_key', 'the key ' || left(v.id, 80) || ' stands again further down in the file',
       'Give each row its own key, or remove this one.'
FROM valid AS v JOIN stage AS s ON v.seq = s.seq JOIN again AS m ON v.id = m.id
WHERE $retry AND m.file = s.file AND m.line > s.line AND s.seq NOT IN (SELECT seq FROM refusals)
