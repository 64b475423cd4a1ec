-- purpose: how many statements of each predicate or attribute a reading makes new, loses or changes, the most first
-- reads: difference
SELECT what, coalesce(nullif(qualifier, ''), predicate) AS name, count(*) AS statements
FROM difference
GROUP BY ALL
ORDER BY statements DESC, name
