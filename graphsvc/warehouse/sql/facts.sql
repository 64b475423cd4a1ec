-- purpose: every fact that claims make of a product and a node of the graph, and whether it stands (`graphsvc.facts`): named
--   as the product's own row writes it, else as the surest text. What a field says of an attribute, no text adds to; of a
--   single value the fields' facts stand, else the surest. `ids` are the claims that stand together in one row
-- reads: claims, nodes, trust
-- params: others
WITH said AS (
    SELECT c.*, n.node_id, n.attribute, n.single, c.confidence * coalesce(t.trust, $others) AS weight
    FROM claims AS c
        JOIN nodes AS n ON c.predicate = n.predicate AND c.qualifier = n.qualifier AND c.object = n.object
        LEFT JOIN trust AS t ON c.extractor = t.extractor
),
spoken AS (
    SELECT DISTINCT subject, predicate, coalesce(attribute, '') AS attribute
    FROM said
    WHERE document IS NULL AND extractor = 'fields' AND subject IN (SELECT subject FROM claims WHERE document IS NOT NULL)
),
admitted AS (
    SELECT * FROM said WHERE document IS NULL
    UNION ALL
    SELECT s.*
    FROM said AS s ANTI JOIN spoken AS f
        ON s.subject = f.subject AND s.predicate = f.predicate AND coalesce(s.attribute, '') = f.attribute
    WHERE s.document IS NOT NULL
),
voices AS (
    SELECT subject, predicate, node_id, extractor, document, max(weight) AS weight FROM admitted GROUP BY ALL
),
sure AS (
    SELECT subject, predicate, node_id, round(1 - list_product(list_sort(list(1 - weight))), 9) AS confidence
    FROM voices
    GROUP BY ALL
),
facts AS (
    SELECT subject, predicate, any_value(attribute) AS attribute, any_value(single) AS single, node_id,
           arg_max(object, row(document IS NULL, confidence, claim_id)) AS name,
           arg_max(number, row(document IS NULL, confidence, claim_id)) AS number,
           arg_max(unit, row(document IS NULL, confidence, claim_id)) AS unit,
           bool_or(document IS NULL AND extractor = 'fields') AS held, bool_or(document IS NULL) AS own,
           max(told) AS told, list_sort(list_distinct(flatten(list(ids)))) AS claims
    FROM admitted
    GROUP BY subject, predicate, node_id
),
votes AS (
    SELECT f.subject, f.predicate, f.node_id,
           row_number() OVER (
               PARTITION BY f.subject, f.predicate, f.attribute
               ORDER BY f.held DESC, round(s.confidence, 6) DESC, f.own DESC, f.told DESC NULLS LAST, f.node_id
           ) AS place
    FROM facts AS f JOIN sure AS s USING (subject, predicate, node_id)
    WHERE f.single
)
SELECT f.subject AS product_id, f.predicate, f.attribute, f.node_id, f.name, f.number, f.unit, s.confidence, f.held,
       f.claims, f.held OR coalesce(v.place, 1) = 1 AS stands
FROM facts AS f
    JOIN sure AS s USING (subject, predicate, node_id)
    LEFT JOIN votes AS v USING (subject, predicate, node_id)
ORDER BY product_id, predicate, node_id
