-- purpose: refuse a quantity that is `factor` times what this item usually sells by, and a tenth of that times what it
--   sells by in large orders, for wholesale is no error; an item with few lines is measured by all items. Equal quantities
--   are counted first: medians of them all would hold every line in memory
-- params: factor
INSERT INTO refusals
WITH amounts AS (
    SELECT product_id, quantity, count(*) AS times
    FROM (
        SELECT product_id, quantity FROM lines WHERE quantity > 0
        UNION ALL
        SELECT product_id, quantity FROM history WHERE kind = 'buy'
    )
    GROUP BY product_id, quantity
), ranked AS (
    SELECT product_id, quantity, sum(times) OVER (PARTITION BY product_id ORDER BY quantity) AS upto, sum(times) OVER (PARTITION BY product_id) AS lines
    FROM amounts
), items AS (
    SELECT product_id, (min(quantity) FILTER (upto >= lines / 2) + min(quantity) FILTER (upto > lines / 2)) / 2 AS usual,
           min(quantity) FILTER (upto >= lines * 0.95) AS large, CAST(any_value(lines) AS BIGINT) AS lines
    FROM ranked GROUP BY product_id
), shop AS (
    SELECT quantile_cont(usual, 0.99) AS usual FROM items
)
SELECT l.seq, 'quantity_outlier',
       'quantity ' || CAST(l.quantity AS VARCHAR) || ' is far from what this item sells by (median '
       || CAST(i.usual AS VARCHAR) || ' of ' || CAST(i.lines AS VARCHAR) || ' lines)',
       'Correct it, or raise the factor of quantity_outlier in the contract and run quarantine retry.'
FROM lines AS l JOIN items AS i ON l.product_id = i.product_id CROSS JOIN shop
WHERE l.quantity > $factor AND l.quantity > $factor * greatest(1, CASE WHEN i.lines >= 5 THEN i.usual ELSE shop.usual END)
  AND (i.lines < 20 OR l.quantity > $factor / 10 * i.large)
  AND l.seq NOT IN (SELECT seq FROM taken_back)
