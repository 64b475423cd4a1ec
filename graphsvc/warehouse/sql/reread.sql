-- purpose: the claims of a reading: what is said now, and the word of a language model that was not asked, which stands
-- reads: said, current_claims, unasked
SELECT * FROM said
UNION ALL BY NAME
SELECT c.* FROM current_claims AS c SEMI JOIN unasked AS u ON c.subject = u.product_id
WHERE c.extractor = getvariable('language_model')
