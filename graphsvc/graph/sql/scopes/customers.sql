-- purpose: the customers that events speak of
-- reads: current_customers, graph_changed
SELECT * FROM current_customers SEMI JOIN graph_changed USING (shopper)
