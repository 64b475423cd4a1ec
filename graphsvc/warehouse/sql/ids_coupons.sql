-- purpose: what tells the coupons of the import apart, and those that the source gave before: coupon, campaign, product
CREATE VIEW ids AS
SELECT s.seq, concat_ws(chr(31), getvariable('name') || ':' || s.key, getvariable('name') || ':' || s.campaign, r.product_id) AS id,
       true AS own
FROM stage AS s JOIN resolved AS r ON s.product = r.product WHERE s.key IS NOT NULL AND r.product_id IS NOT NULL;
CREATE VIEW mine AS
SELECT concat_ws(chr(31), coupon_id, campaign_id, product_id) AS id, row_hash, file, line
FROM history WHERE source = getvariable('name')
