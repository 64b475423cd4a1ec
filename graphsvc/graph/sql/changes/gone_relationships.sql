-- purpose: relationships that the database may hold and should not
-- reads: old_rows, new_rows, touched
SELECT start, "end"
FROM (
    SELECT start, "end" FROM old_rows
    UNION
    SELECT id AS start, "end" FROM touched WHERE part = getvariable('part')
)
ANTI JOIN new_rows USING (start, "end")
