-- purpose: campaigns as they came
-- params: name
SELECT $name || ':' || key AS campaign_id, name, start, "end", $name AS source, file, line, row_hash, '' AS batch
FROM stage WHERE seq NOT IN (SELECT seq FROM refusals)
