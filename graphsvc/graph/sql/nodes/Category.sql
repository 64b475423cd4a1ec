-- purpose: one node per category
-- reads: categories
SELECT id, name, path, len(path) AS depth
FROM categories
ORDER BY id
