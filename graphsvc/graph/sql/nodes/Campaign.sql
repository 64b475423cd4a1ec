-- purpose: one node per campaign, also those that only coupons name
-- reads: campaigns, coupons
SELECT 'campaign:' || campaign_id AS id, any_value(name) AS name, min("start") AS "start", max("end") AS "end"
FROM (
    SELECT campaign_id, name, "start", "end" FROM campaigns
    UNION ALL BY NAME SELECT campaign_id FROM coupons
)
WHERE campaign_id IS NOT NULL
GROUP BY campaign_id
ORDER BY id
