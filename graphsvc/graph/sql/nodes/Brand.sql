-- purpose: one node per brand, named as most products write it
-- reads: claims, objects
SELECT node_id AS id, mode(object) AS name
FROM claims JOIN objects USING (predicate, qualifier, object)
WHERE predicate = 'has_brand'
GROUP BY node_id
ORDER BY id
