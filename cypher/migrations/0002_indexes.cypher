// purpose: what analysts look things up by
CREATE FULLTEXT INDEX product_title IF NOT EXISTS FOR (p:Product) ON EACH [p.title];
CREATE INDEX product_key IF NOT EXISTS FOR (p:Product) ON (p.key);
CREATE INDEX product_source IF NOT EXISTS FOR (p:Product) ON (p.source);
CREATE INDEX brand_name IF NOT EXISTS FOR (b:Brand) ON (b.name);
CREATE INDEX category_name IF NOT EXISTS FOR (c:Category) ON (c.name);
CREATE INDEX category_depth IF NOT EXISTS FOR (c:Category) ON (c.depth);
CREATE INDEX value_attribute IF NOT EXISTS FOR (v:Value) ON (v.attribute, v.name);
CREATE INDEX basket_time IF NOT EXISTS FOR (b:Basket) ON (b.time);
