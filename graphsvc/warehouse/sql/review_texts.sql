-- purpose: the reviews of a batch that have words, with what is known of their products
-- reads: reviews, current_products
SELECT r.review_id AS document_id, r.title AS headline, r.text, r.source, r.file, r.line, p.product_id, p.title, p.description, p.brand,
       p.manufacturer, p.category, p.attributes, p.title_derived, r.language
FROM reviews AS r JOIN current_products AS p ON r.product_id = p.product_id
WHERE coalesce(r.title, r.text) IS NOT NULL
