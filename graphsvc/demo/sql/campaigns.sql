-- purpose: campaigns, called by their type
-- reads: campaign_descriptions
SELECT campaign_id AS key, 'Campaign ' || campaign_id || ', ' || lower(left(campaign_type, 1)) || substr(campaign_type, 2) AS name,
       start_date AS start, end_date AS end
FROM campaign_descriptions
ORDER BY campaign_id
