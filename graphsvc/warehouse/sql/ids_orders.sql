-- purpose: the id of each order line: its basket and product, or the line that the order gives it, and a number among
--   those that share these. Who keeps a number that is taken: the same raw row, however it is read; then, in order, rows
--   that changed; a row from quarantine never takes another's. What is left counts on
-- params: retry
CREATE MACRO line_name(basket, product, order_line, quantity) AS left(md5(concat_ws(chr(31), basket,
    CASE WHEN order_line IS NULL THEN product ELSE chr(30) || order_line END, CASE WHEN quantity < 0 THEN '-' ELSE '+' END)), 20);
CREATE TABLE grouped AS
SELECT seq, hash(line_name(basket, product, order_line, quantity)) AS line, hash(left(row_hash, 24)) AS digest, order_line IS NOT NULL AS own
FROM stage
WHERE basket IS NOT NULL AND product IS NOT NULL AND seq NOT IN (SELECT seq FROM refusals WHERE rule = 'exact_duplicate');
CREATE VIEW taken AS
SELECT id, hash(substr(id, length(getvariable('name')) + 2, 20)) AS line,
       TRY_CAST(substr(id, length(getvariable('name')) + 23) AS INTEGER) AS number, row_hash, hash(left(row_hash, 24)) AS digest
FROM (
    SELECT event_id AS id, row_hash FROM history WHERE source = getvariable('name')
    UNION ALL
    SELECT identity, row_hash FROM held WHERE identity IS NOT NULL
);
CREATE TABLE relevant AS
SELECT line, number, digest, hash(row_hash) AS row, hash(id) AS id FROM taken
WHERE line IN (SELECT line FROM grouped) OR digest IN (SELECT digest FROM grouped);
CREATE TABLE unchanged AS
SELECT DISTINCT id FROM relevant WHERE $retry OR row IN (SELECT hash(row_hash) FROM seen WHERE hash(row_hash) IN (SELECT row FROM relevant));
CREATE TABLE contested AS
WITH crossing AS (
    SELECT g.line AS mine, r.line AS theirs FROM grouped AS g JOIN relevant AS r ON g.digest = r.digest WHERE g.line <> r.line
)
SELECT * FROM grouped
WHERE line IN (SELECT line FROM grouped GROUP BY line HAVING count(*) > 1)
   OR line IN (SELECT line FROM relevant WHERE number > 1 OR id IN (SELECT id FROM unchanged))
   OR line IN (SELECT mine FROM crossing UNION ALL SELECT theirs FROM crossing);
DROP TABLE grouped;
DROP TABLE relevant;
CREATE TABLE earlier AS
SELECT id, line, number, digest, hash(id) IN (SELECT id FROM unchanged) AS seen FROM taken
WHERE line IN (SELECT line FROM contested) OR digest IN (SELECT digest FROM contested);
INSERT INTO places
SELECT seq, id
FROM (
    SELECT c.seq, e.id, row_number() OVER (PARTITION BY c.seq ORDER BY e.id) AS choice,
           row_number() OVER (PARTITION BY e.id ORDER BY c.seq) AS turn
    FROM contested AS c JOIN earlier AS e ON c.digest = e.digest
    WHERE $retry OR NOT e.seen
)
WHERE choice = 1 AND turn = 1;
INSERT INTO places
SELECT c.seq, e.id
FROM (
    SELECT seq, line, row_number() OVER (PARTITION BY line ORDER BY seq) AS place
    FROM contested WHERE NOT own AND seq NOT IN (SELECT seq FROM places)
) AS c
JOIN (
    SELECT id, line, row_number() OVER (PARTITION BY line ORDER BY number) AS place
    FROM (SELECT DISTINCT id, line, number FROM earlier WHERE NOT seen AND number IS NOT NULL)
    WHERE id NOT IN (SELECT id FROM places)
) AS e ON c.line = e.line AND c.place = e.place;
INSERT INTO places
SELECT s.seq, getvariable('name') || ':' || line_name(s.basket, s.product, s.order_line, s.quantity) || '-'
       || CAST(c.place + coalesce(e.last, 0) AS VARCHAR)
FROM (
    SELECT seq, line, row_number() OVER (PARTITION BY line ORDER BY seq) AS place
    FROM contested WHERE NOT own AND seq NOT IN (SELECT seq FROM places)
) AS c
JOIN stage AS s ON c.seq = s.seq
LEFT JOIN (SELECT line, max(number) AS last FROM earlier GROUP BY line) AS e ON c.line = e.line;
CREATE VIEW ids AS
SELECT s.seq, coalesce(p.id, getvariable('name') || ':' || line_name(s.basket, s.product, s.order_line, s.quantity) || '-1') AS id,
       s.order_line IS NOT NULL AS own
FROM stage AS s LEFT JOIN places AS p ON s.seq = p.seq
WHERE s.basket IS NOT NULL AND s.product IS NOT NULL;
CREATE VIEW mine AS SELECT event_id AS id, row_hash, file, line FROM history WHERE source = getvariable('name')
