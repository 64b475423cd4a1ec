-- purpose: the standing claims of texts about a product, or one of them by its id, each with the text that it stands in
-- reads: text_claims, texts
-- params: id
SELECT c.*, t.kind, t.text, t.source, t.file, t.line, t.row_hash
FROM text_claims AS c JOIN texts AS t ON c.document = t.document_id AND t.recency = 1
WHERE c.subject = $id OR c.claim_id = $id
ORDER BY c.document, c.predicate, c.qualifier, c.object, c.extractor
