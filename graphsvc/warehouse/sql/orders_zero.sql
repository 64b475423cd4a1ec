-- purpose: refuse lines of nothing
INSERT INTO refusals
SELECT seq, 'quantity_zero', 'quantity is 0', 'Give the quantity bought, or leave the line out.' FROM stage WHERE quantity = 0
