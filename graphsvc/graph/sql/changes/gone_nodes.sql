-- purpose: nodes that the database may hold and should not
-- reads: old_rows, new_rows, touched
SELECT id FROM (SELECT id FROM old_rows UNION SELECT id FROM touched WHERE part = getvariable('part'))
ANTI JOIN new_rows USING (id)
