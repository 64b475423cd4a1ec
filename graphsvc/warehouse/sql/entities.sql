-- purpose: every brand, manufacturer and value that claims of the current products lead to: how often, in which words, and
--   whether the shop itself says so of some product ($own has the extractors that read what it says)
-- reads: current_claims, nodes
SELECT n.node_id AS node, any_value(n.label) AS label, coalesce(any_value(n.attribute), '') AS attribute,
       min(c.predicate) AS predicate, mode(c.object) AS name, count(DISTINCT c.subject) AS products,
       bool_or(c.document IS NULL AND list_contains($own, c.extractor)) AS own,
       arg_max(c.subject, (c.confidence, c.claim_id)) AS product, arg_max(c.quote, (c.confidence, c.claim_id)) AS quote,
       arg_max(c.extractor, (c.confidence, c.claim_id)) AS extractor
FROM current_claims AS c
    JOIN nodes AS n ON c.predicate = n.predicate AND c.qualifier = n.qualifier AND c.object = n.object
WHERE n.label <> 'Category'
GROUP BY n.node_id
ORDER BY products DESC, node
