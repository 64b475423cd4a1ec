-- purpose: the facts, and what declared rules derive from them: of the same product and node, by the equivalent predicate, where
--   nothing says anything by that predicate of the attribute. What is derived rests on the claims of its fact, and goes with them
--   The families of variants follow from titles and values, where no claim says one
-- reads: given_facts, graph_families, graph_rules
SELECT *, NULL::BOOLEAN AS derived FROM given_facts
UNION ALL BY NAME
SELECT f.* REPLACE (r.gives AS predicate), TRUE AS derived
FROM given_facts AS f
    JOIN graph_rules AS r ON f.predicate = r.given AND f.attribute = r.attribute
    ANTI JOIN given_facts AS said
        ON said.product_id = f.product_id AND said.predicate = r.gives AND said.attribute = r.attribute
UNION ALL BY NAME
SELECT *, TRUE AS derived
FROM graph_families AS f
    ANTI JOIN given_facts AS said ON said.product_id = f.product_id AND said.predicate = 'variant_of'
