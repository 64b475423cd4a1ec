-- purpose: events from order lines; a line taken back whole, and what takes it back, is a removal
-- params: name
SELECT l.event_id, l.shopper, CAST(NULL AS VARCHAR) AS session, l.product_id,
       CASE WHEN l.quantity < 0 OR l.cancelled OR m.taken >= l.quantity THEN 'remove' ELSE 'buy' END AS kind, l.time,
       CASE WHEN m.taken < l.quantity THEN l.quantity - m.taken ELSE abs(l.quantity) END AS quantity,
       CASE WHEN m.taken < l.quantity THEN l.value * (1 - m.taken / l.quantity) ELSE l.value END AS value,
       $name || ':' || l.basket AS basket, CAST(NULL AS VARCHAR) AS query_id, CAST(NULL AS INTEGER) AS position,
       $name AS source, l.file, l.line, l.row_hash, '' AS batch
FROM lines AS l
LEFT JOIN (SELECT buy, sum(quantity) AS taken FROM matches GROUP BY buy) AS m ON l.seq = m.buy
