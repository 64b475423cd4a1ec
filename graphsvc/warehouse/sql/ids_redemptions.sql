-- purpose: what tells the redemptions of the import apart, and those that the source gave before: all that they say
CREATE VIEW ids AS
SELECT seq, concat_ws(chr(31), shopper, getvariable('name') || ':' || coupon, getvariable('name') || ':' || campaign, CAST(time AS VARCHAR))
       AS id, true AS own
FROM stage WHERE shopper IS NOT NULL AND coupon IS NOT NULL;
CREATE VIEW mine AS
SELECT concat_ws(chr(31), shopper, coupon_id, campaign_id, CAST(time AS VARCHAR)) AS id, row_hash, file, line
FROM history WHERE source = getvariable('name')
