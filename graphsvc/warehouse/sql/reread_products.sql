-- purpose: the products of which other claims are made now than stand
-- reads: current_claims, reread, scope
WITH standing AS (SELECT c.* FROM current_claims AS c SEMI JOIN scope AS s ON c.subject = s.product_id)
SELECT DISTINCT subject AS product_id
FROM (
    (SELECT subject, claim_id, confidence FROM standing EXCEPT SELECT subject, claim_id, confidence FROM reread)
    UNION ALL
    (SELECT subject, claim_id, confidence FROM reread EXCEPT SELECT subject, claim_id, confidence FROM standing)
)
ORDER BY product_id
