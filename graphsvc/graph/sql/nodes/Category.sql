-- purpose: one node per category
-- reads: graph_categories
SELECT id, left(name, 1000) AS name, path, len(path) AS depth, parent IS NULL AS root
FROM graph_categories
ORDER BY id
