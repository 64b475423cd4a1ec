-- purpose: retire this source's products that the whole catalogue no longer holds; a refused row still holds its product
-- params: name
INSERT INTO leaving
SELECT c.* REPLACE (true AS retired)
FROM catalogue AS c
WHERE c.source = $name
  AND c.product_id NOT IN (SELECT $name || ':' || key FROM stage WHERE key IS NOT NULL)
  AND c.row_hash NOT IN (SELECT row_hash FROM seen)
