-- purpose: one node per manufacturer, named as most products write it
-- reads: claims, objects
SELECT node_id AS id, mode(object) AS name
FROM claims JOIN objects USING (predicate, qualifier, object)
WHERE predicate = 'made_by'
GROUP BY node_id
ORDER BY id
