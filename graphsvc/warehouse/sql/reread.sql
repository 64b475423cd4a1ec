-- purpose: the claims of a reading: what is said now, and the word of a language model that was not asked, which stands; of
--   texts none is asked
-- reads: said, standing, unasked
SELECT * FROM said
UNION ALL BY NAME
SELECT c.* FROM standing AS c
WHERE c.extractor = getvariable('language_model')
    AND (c.document IS NOT NULL OR c.subject IN (SELECT product_id FROM unasked))
