-- purpose: the tree of categories
-- reads: categories
SELECT id AS start, parent AS "end" FROM categories WHERE parent IS NOT NULL ORDER BY start
