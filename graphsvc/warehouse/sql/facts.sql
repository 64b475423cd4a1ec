-- purpose: one row for each product and node of the graph that its claims lead to, named as the surest claim writes it; what
--   a field of the product says of an attribute, no text overrides. `ids` are the claims that stand together in one row
-- reads: claims, nodes
WITH said AS (
    SELECT c.*, n.node_id, n.attribute
    FROM claims AS c JOIN nodes AS n ON c.predicate = n.predicate AND c.qualifier = n.qualifier AND c.object = n.object
),
held AS (
    SELECT DISTINCT subject, predicate, coalesce(attribute, '') AS attribute
    FROM said
    WHERE document IS NULL AND extractor = 'fields' AND subject IN (SELECT subject FROM claims WHERE document IS NOT NULL)
),
admitted AS (
    SELECT * FROM said WHERE document IS NULL
    UNION ALL
    SELECT s.*
    FROM said AS s ANTI JOIN held AS h
        ON s.subject = h.subject AND s.predicate = h.predicate AND coalesce(s.attribute, '') = h.attribute
    WHERE s.document IS NOT NULL
)
SELECT subject AS product_id, predicate, any_value(attribute) AS attribute, node_id,
       arg_max(object, row(confidence, document IS NULL, claim_id)) AS name,
       arg_max(number, row(confidence, document IS NULL, claim_id)) AS number,
       arg_max(unit, row(confidence, document IS NULL, claim_id)) AS unit, max(confidence) AS confidence,
       list_sort(list_distinct(flatten(list(ids)))) AS claims
FROM admitted
GROUP BY subject, predicate, node_id
ORDER BY product_id, predicate, node_id
