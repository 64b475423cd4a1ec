-- purpose: the rows as they came, but for those that quarantine holds already
-- params: name, asset
SELECT $name AS source, $asset AS asset, file, line, row_hash, row, '' AS batch
FROM stage WHERE row_hash NOT IN (SELECT row_hash FROM held)
