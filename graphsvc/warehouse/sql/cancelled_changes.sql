-- purpose: the record of quantities that a cancellation took back
INSERT INTO value_changes
SELECT l.seq, 'quantity', CAST(l.quantity AS VARCHAR), CAST(l.quantity - m.taken AS VARCHAR), 'cancelled'
FROM lines AS l JOIN (SELECT buy, sum(quantity) AS taken FROM matches GROUP BY buy) AS m ON l.seq = m.buy
