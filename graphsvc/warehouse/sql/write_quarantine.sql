-- purpose: every refused row with all of its reasons, but for those held already, and the release of those that passed
-- params: name, asset, retry
SELECT left(md5($name || $asset || q.file || q.line || q.row_hash), 20) AS quarantine_id, $name AS source, $asset AS asset,
       q.file, q.line, q.rule, q.reason, q.fix, q.row, q.row_hash, '' AS batch
FROM (
    SELECT s.file, s.line, s.row, s.row_hash, r.rule, r.reason, r.fix
    FROM stage AS s
    JOIN (
        SELECT seq, string_agg(rule, ', ' ORDER BY rule) AS rule, string_agg(reason, '; ' ORDER BY rule) AS reason,
               string_agg(fix, ' ' ORDER BY rule) AS fix
        FROM refusals GROUP BY seq
    ) AS r ON s.seq = r.seq
    UNION ALL
    SELECT file, line, row_text, md5(row_text || file || line), rule, reason, fix FROM rejects
) AS q
WHERE (q.file, q.line, q.row_hash) NOT IN (SELECT (file, line, row_hash) FROM held)
UNION ALL
SELECT h.quarantine_id, h.source, h.asset, h.file, h.line, 'released', 'it passes now', '', NULL, h.row_hash, ''
FROM held AS h
WHERE (h.file, h.line) IN (SELECT (file, line) FROM stage WHERE seq NOT IN (SELECT seq FROM refusals))
  AND ($retry OR h.row_hash IN (SELECT row_hash FROM stage WHERE seq NOT IN (SELECT seq FROM refusals)))
