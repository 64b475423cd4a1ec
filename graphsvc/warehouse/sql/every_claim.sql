-- purpose: the claims behind the products that exist: of their own rows, and of texts about them
-- reads: own_claims, text_claims, current_products
FROM own_claims
UNION ALL BY NAME
SELECT t.* FROM text_claims AS t SEMI JOIN current_products AS p ON t.subject = p.product_id
