-- purpose: the tree of categories
-- reads: graph_categories
SELECT id AS start, parent AS "end" FROM graph_categories WHERE parent IS NOT NULL ORDER BY start
