-- purpose: valid order lines, and cancellations matched with what they cancel, in this import or before it. Whoever takes
--   back keeps the id of what it takes (`cancels`), so that either side may come again, alone, and nothing is taken twice
CREATE VIEW lines AS
SELECT s.seq, s.file, s.line, s.row_hash, s.basket, i.id AS event_id, r.product_id, s.shopper, s.quantity, coalesce(s.price, abs(s.value / s.quantity)) AS price,
       coalesce(s.value, s.price * s.quantity) AS value, s.time,
       coalesce(regexp_matches(lower(s.status), 'cancel|refund|return|void|取消|退'), false) AS cancelled
FROM stage AS s JOIN ids AS i ON s.seq = i.seq JOIN resolved AS r ON s.product = r.product
WHERE r.product_id IS NOT NULL AND s.seq NOT IN (SELECT seq FROM refusals);
CREATE TABLE cancels AS
SELECT seq, event_id, product_id, coalesce(shopper, '') AS shopper, -quantity AS quantity, price, time FROM lines WHERE quantity < 0;
CREATE TABLE links AS
SELECT event_id AS cancel, cancels AS buy, quantity, event_id IN (SELECT event_id FROM cancels) AS again
FROM history WHERE cancels IS NOT NULL;
CREATE TABLE buys AS
SELECT seq, event_id, product_id, coalesce(shopper, '') AS shopper, quantity, quantity AS whole, price, time
FROM lines
WHERE quantity > 0 AND (product_id IN (SELECT product_id FROM cancels) OR event_id IN (SELECT buy FROM links));
INSERT INTO buys
SELECT -row_number() OVER (ORDER BY h.event_id), h.event_id, h.product_id, coalesce(h.shopper, ''), h.quantity,
       h.quantity + CASE WHEN h.kind = 'buy' THEN coalesce(l.quantity, 0) ELSE 0 END, abs(h.value / nullif(h.quantity, 0)), h.time
FROM history AS h LEFT JOIN (SELECT buy, sum(quantity) AS quantity FROM links GROUP BY buy) AS l ON h.event_id = l.buy
WHERE h.cancels IS NULL AND (h.kind = 'buy' OR l.buy IS NOT NULL)
  AND (h.product_id IN (SELECT product_id FROM cancels) OR h.event_id IN (SELECT buy FROM links WHERE again));
DELETE FROM buys
WHERE seq < 0 AND event_id IN (SELECT l.event_id FROM lines AS l WHERE EXISTS (SELECT 1 FROM buys WHERE seq < 0));
CREATE TABLE open AS
SELECT b.seq, b.product_id, b.shopper, b.price, b.time, b.whole - coalesce(l.quantity, 0) AS remaining
FROM buys AS b LEFT JOIN (SELECT buy, sum(quantity) AS quantity FROM links WHERE NOT again GROUP BY buy) AS l ON b.event_id = l.buy;
CREATE TABLE matches AS
SELECT cancel, buy, quantity
FROM (
    SELECT cancel, buy, quantity, row_number() OVER (PARTITION BY buy ORDER BY time, cancel) AS turn
    FROM (
        SELECT c.seq AS cancel, b.seq AS buy, c.quantity, c.time,
               row_number() OVER (PARTITION BY c.seq ORDER BY b.time DESC, b.seq DESC) AS choice
        FROM cancels AS c JOIN open AS b
          ON c.product_id = b.product_id AND c.shopper = b.shopper AND c.quantity = b.remaining AND b.time <= c.time
         AND abs(coalesce(c.price, 0) - coalesce(b.price, 0)) < 0.01
    )
    WHERE choice = 1
)
WHERE turn = 1;
INSERT INTO matches
SELECT cancel, buy, quantity
FROM (
    SELECT cancel, buy, quantity, remaining, sum(quantity) OVER (PARTITION BY buy ORDER BY time, cancel) AS taken
    FROM (
        SELECT c.seq AS cancel, b.seq AS buy, c.quantity, c.time, b.remaining,
               row_number() OVER (PARTITION BY c.seq ORDER BY b.time DESC, b.seq DESC) AS choice
        FROM (SELECT * FROM cancels WHERE seq NOT IN (SELECT cancel FROM matches)) AS c
        JOIN (
            SELECT b.* REPLACE (b.remaining - coalesce(m.quantity, 0) AS remaining) FROM open AS b LEFT JOIN matches AS m ON b.seq = m.buy
        ) AS b
          ON c.product_id = b.product_id AND c.shopper = b.shopper AND b.remaining >= c.quantity AND b.time <= c.time
         AND abs(coalesce(c.price, 0) - coalesce(b.price, 0)) < 0.01
    )
    WHERE choice = 1
)
WHERE taken <= remaining;
INSERT INTO refusals
SELECT seq, 'cancels_nothing', 'takes back ' || CAST(quantity AS VARCHAR) || ' of which no order by this shopper is known',
       'Import the order that it cancels, then run quarantine retry; a stock correction is no order.'
FROM cancels WHERE seq NOT IN (SELECT cancel FROM matches);
CREATE TABLE taken_back AS
SELECT b.seq, b.event_id, b.quantity AS before, b.whole, sum(t.quantity) AS taken, max(t.cancel) AS cancel, bool_or(t.cancel IS NOT NULL OR t.gone) AS fresh
FROM buys AS b
JOIN (
    SELECT c.buy AS seq, c.quantity, c.cancel, false AS gone FROM matches AS c
    UNION ALL
    SELECT b.seq, CASE WHEN c.seq IS NULL THEN l.quantity ELSE 0 END, NULL, c.seq IS NOT NULL
    FROM links AS l JOIN buys AS b ON l.buy = b.event_id
    LEFT JOIN (SELECT seq, event_id FROM cancels WHERE seq IN (SELECT cancel FROM matches)) AS c ON l.cancel = c.event_id
) AS t ON b.seq = t.seq
GROUP BY b.seq, b.event_id, b.quantity, b.whole
