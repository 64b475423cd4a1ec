-- purpose: one node per shopper, under a pseudonym, with what the shop says of them as "name=value"
-- reads: graph_customers, graph_events, graph_reviews, graph_redemptions
SELECT 'shopper:' || shopper AS id, max(attributes) AS attributes
FROM (
    SELECT shopper, [a.name || '=' || a.value FOR a IN attributes IF a.name || a.value IS NOT NULL] AS attributes
    FROM graph_customers
    WHERE len(attributes) > 0
    UNION ALL BY NAME SELECT shopper FROM graph_customers
    UNION ALL BY NAME SELECT DISTINCT shopper FROM graph_events
    UNION ALL BY NAME SELECT shopper FROM graph_reviews
    UNION ALL BY NAME SELECT shopper FROM graph_redemptions
)
WHERE shopper IS NOT NULL
GROUP BY shopper
ORDER BY id
