-- purpose: every household, with what is known of it and the campaigns that it was sent
-- reads: transactions, demographics, campaigns
SELECT h.household_id AS shopper, d.age, d.income, d.home_ownership, d.marital_status, d.household_size,
       d.household_comp AS household_composition, d.kids_count AS children, c.campaigns
FROM (
    SELECT household_id FROM transactions
    UNION
    SELECT household_id FROM demographics
    UNION
    SELECT household_id FROM campaigns
) AS h
LEFT JOIN demographics AS d ON h.household_id = d.household_id
LEFT JOIN (
    SELECT household_id, string_agg(CAST(campaign_id AS VARCHAR), '; ' ORDER BY campaign_id) AS campaigns
    FROM campaigns GROUP BY household_id
) AS c ON h.household_id = c.household_id
ORDER BY h.household_id
