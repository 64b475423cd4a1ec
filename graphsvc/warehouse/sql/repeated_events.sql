-- purpose: the events of which more than one row speaks
CREATE TABLE repeated AS SELECT hash(event_id) AS id FROM events GROUP BY hash(event_id) HAVING count(*) > 1
