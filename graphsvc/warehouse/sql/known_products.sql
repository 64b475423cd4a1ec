-- purpose: hashes of the rows behind this source's current products
-- params: name
CREATE TABLE known AS SELECT row_hash, product_id FROM catalogue WHERE source = $name
