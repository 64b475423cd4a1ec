-- purpose: the products and the texts (`document`) of which other claims are made now than stand
-- reads: current_claims, reread, scope
WITH standing AS (SELECT c.* FROM current_claims AS c SEMI JOIN scope AS s ON c.subject = s.product_id)
SELECT DISTINCT subject AS product_id, document
FROM (
    (SELECT subject, document, claim_id, confidence FROM standing
     EXCEPT SELECT subject, document, claim_id, confidence FROM reread)
    UNION ALL
    (SELECT subject, document, claim_id, confidence FROM reread
     EXCEPT SELECT subject, document, claim_id, confidence FROM standing)
)
ORDER BY product_id, document NULLS FIRST
