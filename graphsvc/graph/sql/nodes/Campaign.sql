-- purpose: one node per campaign, also those that only coupons name
-- reads: graph_campaigns, graph_coupons
SELECT 'campaign:' || campaign_id AS id, min(name) AS name, min("start") AS begins, max("end") AS ends
FROM (
    SELECT campaign_id, name, "start", "end" FROM graph_campaigns
    UNION ALL BY NAME SELECT campaign_id FROM graph_coupons
)
WHERE campaign_id IS NOT NULL
GROUP BY campaign_id
ORDER BY id
