-- purpose: refuse products that their shop does not show, and retire (`leaving`) those that it showed before; a retry, which
--   reads rows again that came long ago, retires none
-- params: retry
INSERT INTO refusals
SELECT seq, 'not_published', 'the shop does not show it: its status is ' || left(status, 80), 'Publish it in the shop and export again.'
FROM stage WHERE status <> 'active';
CREATE TABLE leaving AS
SELECT c.* REPLACE (true AS retired)
FROM catalogue AS c
WHERE NOT $retry AND c.row_hash NOT IN (SELECT row_hash FROM seen)
  AND c.product_id IN (SELECT i.id FROM ids AS i JOIN stage AS s ON i.seq = s.seq WHERE s.status <> 'active')
  AND c.product_id NOT IN (SELECT id FROM ids WHERE seq NOT IN (SELECT seq FROM refusals))
