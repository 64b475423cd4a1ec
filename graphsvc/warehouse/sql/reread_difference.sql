-- purpose: what a new reading says of products, or in texts about them, that the standing claims do not (new), no longer says
--   (lost), or says with another proof, surety or version (changed); each statement once, with its surest claim
-- reads: standing, reread, scope
WITH stood AS (
    SELECT subject, coalesce(document, '') AS document, predicate, qualifier, object, arg_max(quote, confidence) AS quote,
           arg_max(extractor, confidence) AS extractor, max(confidence) AS confidence,
           list(DISTINCT claim_id ORDER BY claim_id) AS claims
    FROM standing GROUP BY ALL
),
said AS (
    SELECT subject, coalesce(document, '') AS document, predicate, qualifier, object, arg_max(quote, confidence) AS quote,
           arg_max(extractor, confidence) AS extractor, max(confidence) AS confidence,
           list(DISTINCT claim_id ORDER BY claim_id) AS claims
    FROM reread GROUP BY ALL
)
SELECT CASE WHEN o.subject IS NULL THEN 'new' WHEN n.subject IS NULL THEN 'lost' ELSE 'changed' END AS what,
       coalesce(n.subject, o.subject) AS product_id, p.title, coalesce(n.document, o.document) AS document,
       coalesce(n.predicate, o.predicate) AS predicate, coalesce(n.qualifier, o.qualifier) AS qualifier,
       coalesce(n.object, o.object) AS object,
       coalesce(n.quote, o.quote) AS quote, coalesce(n.extractor, o.extractor) AS extractor,
       coalesce(n.confidence, o.confidence) AS confidence
FROM said AS n FULL JOIN stood AS o
    ON n.subject = o.subject AND n.document = o.document AND n.predicate = o.predicate AND n.qualifier = o.qualifier
        AND n.object = o.object
JOIN scope AS p ON p.product_id = coalesce(n.subject, o.subject)
WHERE n.subject IS NULL OR o.subject IS NULL OR n.claims <> o.claims OR n.confidence <> o.confidence
ORDER BY md5(coalesce(n.subject, o.subject) || coalesce(n.object, o.object))
