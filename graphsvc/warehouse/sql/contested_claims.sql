-- purpose: the claims of the own rows of products that texts speak of, or of which some fact is outvoted
-- reads: own_claims, said_in_texts, contested
FROM own_claims
WHERE subject IN (SELECT subject FROM said_in_texts UNION SELECT product_id FROM contested)
