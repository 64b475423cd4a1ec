-- purpose: each raw row as JSON without its nulls
-- reads: incoming
SELECT CAST(json_merge_patch('{}', to_json(cells)) AS VARCHAR) AS row FROM incoming ORDER BY seq
