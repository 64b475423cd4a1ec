-- purpose: one node per value of an attribute, named as most products write it
-- reads: graph_facts
SELECT node_id AS id, attribute, left(name, 1000) AS name
FROM (
    SELECT node_id, name, min(attribute) AS attribute, count(*) AS uses
    FROM graph_facts
    WHERE predicate = 'has_attribute'
    GROUP BY node_id, name
)
QUALIFY row_number() OVER (PARTITION BY node_id ORDER BY uses DESC, name) = 1
ORDER BY id
