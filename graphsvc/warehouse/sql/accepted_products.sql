-- purpose: products as they came; variants and offers that are no JSON are null
-- params: name
SELECT $name || ':' || key AS product_id, key, title, coalesce(title_derived, false) AS title_derived, description, brand,
       manufacturer, category, price, currency, stock, gtin, url, image, attributes,
       CASE WHEN json_valid(variants) THEN from_json(variants, '[{"sku":"VARCHAR","title":"VARCHAR","gtin":"VARCHAR","price":"DOUBLE","currency":"VARCHAR","stock":"BIGINT","attributes":[{"name":"VARCHAR","value":"VARCHAR","number":"DOUBLE","unit":"VARCHAR"}]}]') END AS variants,
       CASE WHEN json_valid(offers) THEN from_json(offers, '[{"seller":"VARCHAR","price":"DOUBLE","currency":"VARCHAR","stock":"BIGINT","url":"VARCHAR"}]') END AS offers,
       language, false AS retired, $name AS source, file, line, row_hash, '' AS batch
FROM stage
WHERE seq NOT IN (SELECT seq FROM refusals)
