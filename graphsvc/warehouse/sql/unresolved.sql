-- purpose: refuse rows whose product nobody knows, or more than one have
INSERT INTO refusals
SELECT s.seq,
       CASE WHEN r.products > 1 THEN 'ambiguous_product' ELSE 'unknown_product' END,
       CASE WHEN r.products > 1 THEN 'more than one product has the key ' ELSE 'no product has the key ' END || left(s.product, 80),
       CASE WHEN r.products > 1 THEN 'Write the product as source:key.'
            ELSE 'Import this product, then run quarantine retry.' END
FROM stage AS s JOIN resolved AS r ON s.product = r.product
WHERE r.product_id IS NULL
