-- purpose: the products in question
-- reads: current_products, graph_scope
SELECT * FROM current_products SEMI JOIN graph_scope USING (product_id)
