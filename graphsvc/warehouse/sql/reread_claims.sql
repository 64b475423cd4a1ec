-- purpose: the claims of a reading that are to be written: of the products and texts of which another thing is said
-- reads: reread, changed
SELECT r.*
FROM reread AS r SEMI JOIN changed AS c ON r.subject = c.product_id AND coalesce(r.document, '') = coalesce(c.document, '')
