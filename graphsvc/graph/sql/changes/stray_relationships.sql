-- purpose: relationships that the database holds and the tables do not
-- reads: found, new_rows
SELECT start, "end" FROM found ANTI JOIN new_rows USING (start, "end")
