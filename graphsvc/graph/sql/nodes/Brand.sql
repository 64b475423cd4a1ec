-- purpose: one node per brand, named as most products write it
-- reads: graph_facts
SELECT node_id AS id, left(name, 1000) AS name
FROM (SELECT node_id, name, count(*) AS uses FROM graph_facts WHERE predicate = 'has_brand' GROUP BY node_id, name)
QUALIFY row_number() OVER (PARTITION BY node_id ORDER BY uses DESC, name) = 1
ORDER BY id
