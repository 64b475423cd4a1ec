-- purpose: the purchases; fuel is counted in thousandths of a gallon at the pump, here in gallons, else its median price
--   would be a quarter of a cent and its quantities outliers
-- reads: transactions, products
CREATE VIEW lines AS
SELECT t.basket_id, t.product_id, t.household_id, t.transaction_timestamp, round(t.sales_value, 2) AS value,
       CASE WHEN p.product_type = 'GASOLINE-REG UNLEADED' THEN t.quantity / 1000 ELSE t.quantity END AS quantity
FROM transactions AS t LEFT JOIN products AS p ON t.product_id = p.product_id
