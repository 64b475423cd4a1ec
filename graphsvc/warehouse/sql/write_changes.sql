-- purpose: every changed value of the accepted rows
-- params: name, asset
SELECT $name AS source, $asset AS asset, s.key, c.field, c.before, c.after, c.rule, s.file, s.line, '' AS batch
FROM value_changes AS c JOIN stage_keys AS s ON c.seq = s.seq
WHERE c.seq NOT IN (SELECT seq FROM refusals)
