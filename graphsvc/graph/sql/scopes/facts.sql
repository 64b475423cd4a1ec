-- purpose: the facts of the products in question
-- reads: facts, graph_scope
SELECT * FROM facts SEMI JOIN graph_scope USING (product_id)
