-- purpose: the manufacturer of each product, with the claims that say so
-- reads: claims, objects
SELECT subject AS start, node_id AS "end", list(DISTINCT claim_id ORDER BY claim_id) AS claims, max(confidence) AS confidence
FROM claims JOIN objects USING (predicate, qualifier, object)
WHERE predicate = 'made_by'
GROUP BY subject, node_id
ORDER BY start, "end"
