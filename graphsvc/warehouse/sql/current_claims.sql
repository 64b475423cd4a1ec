-- purpose: the claims behind the products that exist: those that came with the current row of each
-- reads: claims, current_products
SELECT c.*
FROM claims AS c SEMI JOIN current_products AS p ON c.subject = p.product_id AND c.batch = p.batch
