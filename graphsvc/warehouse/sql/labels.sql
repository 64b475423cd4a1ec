-- purpose: the labelled texts and pairs of the batches given, in the order of their file
-- reads: labels
SELECT text, labels, file, line FROM labels ORDER BY batch, number
