-- purpose: every line of the baskets that events belong to
-- reads: current_events, graph_changed
SELECT e.* FROM current_events AS e SEMI JOIN graph_changed AS c ON e.source = c.source AND e.basket = c.basket
