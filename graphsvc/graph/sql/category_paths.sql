-- purpose: the distinct paths of categories that facts lead to
-- reads: graph_facts
SELECT DISTINCT name FROM graph_facts WHERE predicate = 'in_category'
