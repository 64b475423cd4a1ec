-- purpose: refused and changed rows by rule
SELECT 'quarantined' AS what, rule, count(DISTINCT seq) AS rows FROM refusals GROUP BY rule
UNION ALL
SELECT 'quarantined', rule, count(*) FROM rejects GROUP BY rule
UNION ALL
SELECT 'changed', field || ' ' || rule, count(*) FROM value_changes WHERE seq NOT IN (SELECT seq FROM refusals) GROUP BY field, rule
ORDER BY what, rows DESC, rule
