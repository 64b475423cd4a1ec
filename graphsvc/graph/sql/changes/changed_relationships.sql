-- purpose: relationships that the database may not hold as they are now: new, changed, touched, or of a touched product
-- reads: old_rows, new_rows, touched
SELECT * FROM new_rows EXCEPT SELECT * FROM old_rows
UNION
SELECT n.*
FROM new_rows AS n
SEMI JOIN (SELECT id AS start, "end" FROM touched WHERE part = getvariable('part')) AS t USING (start, "end")
UNION
SELECT n.* FROM new_rows AS n SEMI JOIN (SELECT id FROM touched WHERE part = 'Product') AS t ON n.start = t.id
UNION
SELECT n.* FROM new_rows AS n SEMI JOIN (SELECT id FROM touched WHERE part = 'Product') AS t ON n."end" = t.id
