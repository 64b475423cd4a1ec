-- purpose: one node per value of an attribute or thing that a relation reaches, named as most products write it
-- reads: graph_facts
SELECT node_id AS id, attribute, left(name, 1000) AS name
FROM (
    SELECT node_id, name, min(attribute) AS attribute, count(*) AS uses
    FROM graph_facts
    WHERE attribute IS NOT NULL AND (derived IS NULL OR predicate = 'variant_of')
    GROUP BY node_id, name
)
QUALIFY row_number() OVER (PARTITION BY node_id ORDER BY uses DESC, name) = 1
ORDER BY id
