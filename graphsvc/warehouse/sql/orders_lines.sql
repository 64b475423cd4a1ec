-- purpose: valid order lines, cancellations matched with what they cancel, quantities that cannot be
CREATE VIEW lines AS
SELECT s.seq, s.file, s.line, s.row_hash, s.basket, i.id AS event_id, r.product_id, s.shopper, s.quantity, coalesce(s.price, abs(s.value / s.quantity)) AS price,
       coalesce(s.value, s.price * s.quantity) AS value, s.time,
       coalesce(regexp_matches(lower(s.status), 'cancel|refund|return|void|取消|退'), false) AS cancelled
FROM stage AS s JOIN ids AS i ON s.seq = i.seq JOIN resolved AS r ON s.product = r.product
WHERE r.product_id IS NOT NULL AND s.seq NOT IN (SELECT seq FROM refusals);
CREATE TABLE cancels AS
SELECT seq, product_id, coalesce(shopper, '') AS shopper, -quantity AS quantity, price, time FROM lines WHERE quantity < 0;
CREATE TABLE buys AS
SELECT seq, product_id, coalesce(shopper, '') AS shopper, quantity, price, time
FROM lines WHERE quantity > 0 AND product_id IN (SELECT product_id FROM cancels)
UNION ALL
SELECT -row_number() OVER (), product_id, coalesce(shopper, ''), quantity, value / nullif(quantity, 0), time
FROM history
WHERE kind = 'buy' AND product_id IN (SELECT product_id FROM cancels)
  AND event_id NOT IN (SELECT event_id FROM lines);
CREATE TABLE matches AS
SELECT cancel, buy, quantity
FROM (
    SELECT cancel, buy, quantity, row_number() OVER (PARTITION BY buy ORDER BY time, cancel) AS turn
    FROM (
        SELECT c.seq AS cancel, b.seq AS buy, c.quantity, c.time,
               row_number() OVER (PARTITION BY c.seq ORDER BY b.time DESC, b.seq DESC) AS choice
        FROM cancels AS c JOIN buys AS b
          ON c.product_id = b.product_id AND c.shopper = b.shopper AND c.quantity = b.quantity AND b.time <= c.time
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
            SELECT b.*, b.quantity - coalesce(m.quantity, 0) AS remaining FROM buys AS b LEFT JOIN matches AS m ON b.seq = m.buy
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
FROM cancels WHERE seq NOT IN (SELECT cancel FROM matches)
