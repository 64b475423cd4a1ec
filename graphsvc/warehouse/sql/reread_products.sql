-- purpose: the products and the texts (`document`) of which other claims are made now than stand
-- reads: standing, reread
SELECT DISTINCT subject AS product_id, document
FROM (
    (SELECT subject, document, claim_id, confidence FROM standing
     EXCEPT SELECT subject, document, claim_id, confidence FROM reread)
    UNION ALL
    (SELECT subject, document, claim_id, confidence FROM reread
     EXCEPT SELECT subject, document, claim_id, confidence FROM standing)
)
ORDER BY product_id, document NULLS FIRST
