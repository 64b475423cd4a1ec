-- purpose: whether a row stands refused for want of its product and names one that has come, or gone, in given batches
-- params: later
SELECT count(*) > 0
FROM (
    SELECT unnest(json_extract_string("row", '$.*')) AS named
    FROM held
    WHERE regexp_matches(rule, '(unknown|ambiguous)_product')
) AS refused
JOIN (
    SELECT unnest([key, product_id] || coalesce([v.sku FOR v IN variants], [])) AS name
    FROM products WHERE batch IN (SELECT unnest($later))
) AS moved ON refused.named = moved.name
