-- purpose: the claims that stand of the products in scope, by their own rows and by texts
-- reads: current_claims, scope
SELECT c.* FROM current_claims AS c SEMI JOIN scope AS s ON c.subject = s.product_id
