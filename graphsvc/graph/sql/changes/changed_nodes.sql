-- purpose: nodes that the database may not hold as they are now: new, changed, or touched since
-- reads: old_rows, new_rows, touched
SELECT * FROM new_rows EXCEPT SELECT * FROM old_rows
UNION
SELECT n.* FROM new_rows AS n SEMI JOIN (SELECT id FROM touched WHERE part = getvariable('part')) AS t ON n.id = t.id
