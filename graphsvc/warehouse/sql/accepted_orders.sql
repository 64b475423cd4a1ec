-- purpose: events from order lines; a line taken back whole, and what takes it back, is a removal. An earlier event that a
--   line takes back is said again with what is left of it
-- params: name
SELECT l.event_id, l.shopper, CAST(NULL AS VARCHAR) AS session, l.product_id,
       CASE WHEN l.quantity < 0 OR l.cancelled OR t.taken >= l.quantity THEN 'remove' ELSE 'buy' END AS kind, l.time,
       CASE WHEN t.taken < l.quantity THEN l.quantity - t.taken ELSE abs(l.quantity) END AS quantity,
       CASE WHEN t.taken < l.quantity THEN l.value * (1 - t.taken / l.quantity) ELSE l.value END AS value,
       $name || ':' || l.basket AS basket, CAST(NULL AS VARCHAR) AS query_id, CAST(NULL AS INTEGER) AS position, b.event_id AS cancels,
       $name AS source, l.file, l.line, l.row_hash, '' AS batch
FROM lines AS l
LEFT JOIN taken_back AS t ON l.seq = t.seq
LEFT JOIN matches AS m ON l.seq = m.cancel
LEFT JOIN buys AS b ON m.buy = b.seq
UNION ALL
SELECT h.* REPLACE (
           CASE WHEN t.taken >= t.whole THEN 'remove' ELSE 'buy' END AS kind,
           CASE WHEN t.taken < t.whole THEN t.whole - t.taken ELSE t.whole END AS quantity,
           h.value * CASE WHEN t.taken < t.whole THEN t.whole - t.taken ELSE t.whole END / h.quantity AS value,
           '' AS batch
       )
FROM history AS h JOIN taken_back AS t ON h.event_id = t.event_id
WHERE t.seq < 0 AND t.fresh
