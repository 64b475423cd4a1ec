-- purpose: customers under their pseudonyms
-- params: name
SELECT shopper, attributes, $name AS source, file, line, row_hash, '' AS batch
FROM stage WHERE seq NOT IN (SELECT seq FROM refusals)
