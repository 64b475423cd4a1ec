-- purpose: one row a basket and product, as bought; quantity 0 and unknown products stay in, for the import to refuse
-- reads: lines
SELECT basket_id AS basket, product_id AS product, quantity, value, transaction_timestamp AS time, household_id AS shopper
FROM lines
ORDER BY basket_id, product_id
