-- purpose: the pairs that baskets among the events may have moved
-- reads: bought_together, graph_changed
WITH moved AS (SELECT DISTINCT product_id FROM graph_changed WHERE basket IS NOT NULL)
SELECT * FROM bought_together
WHERE product_a IN (SELECT product_id FROM moved) OR product_b IN (SELECT product_id FROM moved)
