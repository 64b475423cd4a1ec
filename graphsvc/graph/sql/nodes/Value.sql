-- purpose: one node per value of an attribute, named as most products write it
-- reads: claims, objects
SELECT node_id AS id, any_value(attribute) AS attribute, mode(object) AS name
FROM claims JOIN objects USING (predicate, qualifier, object)
WHERE predicate = 'has_attribute'
GROUP BY node_id
ORDER BY id
