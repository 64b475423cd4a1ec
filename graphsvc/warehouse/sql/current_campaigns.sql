-- purpose: of rows that say the same of a campaign, the last in log order
-- reads: campaigns, batch_order
SELECT * FROM campaigns
WHERE hash(campaign_id) NOT IN (SELECT hash(campaign_id) FROM campaigns GROUP BY hash(campaign_id) HAVING count(*) > 1)
UNION ALL
SELECT * EXCLUDE (position, recency)
FROM (
    SELECT t.*, o.position, row_number() OVER (PARTITION BY t.campaign_id ORDER BY o.position DESC, t.line DESC) AS recency
    FROM campaigns AS t JOIN batch_order AS o ON t.batch = o.batch
    WHERE hash(t.campaign_id) IN (SELECT hash(campaign_id) FROM campaigns GROUP BY hash(campaign_id) HAVING count(*) > 1)
)
WHERE recency = 1
