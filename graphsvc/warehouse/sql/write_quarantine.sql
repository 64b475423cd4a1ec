-- purpose: every refused row with all of its reasons, but for those held already, and the release of those that passed:
--   the row itself, or another one of its id, for that is the row corrected; and of those whose id an import refuses anew
-- params: name, asset, retry
WITH refused AS (
    SELECT left(md5($name || $asset || q.file || q.line || left(q.row_hash, 24)), 20) AS quarantine_id, q.*
    FROM (
        SELECT s.file, s.line, s.row, s.row_hash, r.rule, r.reason, r.fix, i.id AS identity
        FROM stage AS s
        JOIN (
            SELECT seq, string_agg(rule, ', ' ORDER BY rule) AS rule, string_agg(reason, '; ' ORDER BY rule) AS reason,
                   string_agg(fix, ' ' ORDER BY rule) AS fix
            FROM refusals GROUP BY seq
        ) AS r ON s.seq = r.seq
        LEFT JOIN ids AS i ON s.seq = i.seq
        UNION ALL
        SELECT file, line, row_text, md5(row_text || file || line), rule, reason, fix, NULL FROM rejects
    ) AS q
)
SELECT quarantine_id, $name AS source, $asset AS asset, file, line, rule, reason, fix, row, row_hash, identity, '' AS batch
FROM refused
WHERE (quarantine_id, rule) NOT IN (SELECT (quarantine_id, rule) FROM held)
UNION ALL
SELECT h.quarantine_id, h.source, h.asset, h.file, h.line, 'released', 'it passes now, or came anew', '', NULL, h.row_hash, h.identity, ''
FROM held AS h
WHERE h.quarantine_id NOT IN (SELECT quarantine_id FROM refused) AND (
    (h.file, h.line, left(h.row_hash, 24)) IN (SELECT (file, line, left(row_hash, 24)) FROM stage)
    OR (NOT $retry AND h.identity IN (SELECT identity FROM refused WHERE identity IS NOT NULL))
    OR h.identity IN (SELECT id FROM ids WHERE seq NOT IN (SELECT seq FROM refusals))
    OR h.identity IN (
        SELECT m.id
        FROM (SELECT id, row_hash FROM mine WHERE hash(id) IN (SELECT hash(identity) FROM held)) AS m JOIN seen AS s ON m.row_hash = s.row_hash
    )
)
