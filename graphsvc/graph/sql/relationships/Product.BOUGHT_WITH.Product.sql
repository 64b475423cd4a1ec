-- purpose: pairs bought together more often than a threshold; bought_together_evidence lists the baskets
-- reads: graph_bought_together, graph_products
SELECT product_a AS start, product_b AS "end", count, round(lift, 6) AS lift, 'bought_together_evidence' AS evidence
FROM graph_bought_together
WHERE product_a IN (SELECT product_id FROM graph_products) AND product_b IN (SELECT product_id FROM graph_products)
ORDER BY start, "end"
