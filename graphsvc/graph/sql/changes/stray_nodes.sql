-- purpose: nodes that the database holds and the tables do not
-- reads: found, new_rows
SELECT id FROM found ANTI JOIN new_rows USING (id)
