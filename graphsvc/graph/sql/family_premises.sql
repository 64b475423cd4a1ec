-- purpose: of each product whose values may vary, its title and the facts that its family follows from
-- reads: given_facts, graph_products, graph_varying
SELECT p.product_id, p.title,
       list({'predicate': f.predicate, 'attribute': f.attribute, 'node_id': f.node_id, 'name': f.name,
             'confidence': f.confidence, 'claims': f.claims}) AS facts
FROM graph_products AS p JOIN given_facts AS f USING (product_id)
WHERE p.title IS NOT NULL AND (
    f.predicate IN ('has_brand', 'in_category')
    OR f.predicate = 'has_attribute' AND f.attribute IN (SELECT attribute FROM graph_varying))
GROUP BY p.product_id, p.title
HAVING bool_or(f.predicate = 'has_attribute')
