-- purpose: events as they came, with their products
-- params: name
SELECT i.id AS event_id, s.shopper, s.session, r.product_id, s.kind, s.time, s.quantity, s.value,
       $name || ':' || s.basket AS basket, s.query_id, CAST(s.position AS INTEGER) AS position,
       $name AS source, s.file, s.line, s.row_hash, '' AS batch
FROM stage AS s JOIN ids AS i ON s.seq = i.seq JOIN resolved AS r ON s.product = r.product
WHERE s.seq NOT IN (SELECT seq FROM refusals)
