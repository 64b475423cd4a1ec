-- purpose: every event of a shopper with a product, for the pairs that events speak of
-- reads: current_events, graph_changed
SELECT e.* FROM current_events AS e SEMI JOIN graph_changed AS c ON e.shopper = c.shopper AND e.product_id = c.product_id
