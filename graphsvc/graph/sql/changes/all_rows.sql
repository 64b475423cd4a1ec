-- purpose: every row, for parts that are few and shared by many
-- reads: new_rows
SELECT * FROM new_rows
