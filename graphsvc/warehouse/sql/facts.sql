-- purpose: one row for each product and node of the graph that its claims lead to, named as the surest claim writes it
-- reads: claims, nodes
SELECT c.subject AS product_id, c.predicate, any_value(n.attribute) AS attribute, n.node_id,
       arg_max(c.object, c.confidence) AS name, arg_max(c.number, c.confidence) AS number,
       arg_max(c.unit, c.confidence) AS unit, max(c.confidence) AS confidence,
       list(DISTINCT c.claim_id ORDER BY c.claim_id) AS claims
FROM claims AS c JOIN nodes AS n ON c.predicate = n.predicate AND c.qualifier = n.qualifier AND c.object = n.object
GROUP BY c.subject, c.predicate, n.node_id
ORDER BY product_id, predicate, node_id
