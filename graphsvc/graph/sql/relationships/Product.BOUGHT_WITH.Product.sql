-- purpose: pairs bought together more often than a threshold; bought_together_evidence lists the baskets
-- reads: bought_together, products
SELECT product_a AS start, product_b AS "end", count, lift, 'bought_together_evidence' AS evidence
FROM bought_together
WHERE product_a IN (SELECT product_id FROM products) AND product_b IN (SELECT product_id FROM products)
ORDER BY start, "end"
