-- purpose: the record of quantities that a cancellation took back; that of an earlier event stands with what took it back
INSERT INTO value_changes
SELECT CASE WHEN seq < 0 THEN cancel ELSE seq END, 'quantity', CAST(CASE WHEN seq < 0 THEN before ELSE whole END AS VARCHAR),
       CAST(greatest(whole - taken, 0) AS VARCHAR), 'cancelled'
FROM taken_back WHERE seq >= 0 OR (fresh AND cancel IS NOT NULL)
