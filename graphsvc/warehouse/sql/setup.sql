-- purpose: the tables of one import while it runs
CREATE TABLE refusals (seq BIGINT, rule VARCHAR, reason VARCHAR, fix VARCHAR);
CREATE TABLE rejects (file VARCHAR, line BIGINT, rule VARCHAR, reason VARCHAR, fix VARCHAR, row_text VARCHAR);
CREATE TABLE seen (seq BIGINT, row_hash VARCHAR);
CREATE TABLE places (seq BIGINT, id VARCHAR);
CREATE TABLE value_changes (seq BIGINT, field VARCHAR, before VARCHAR, after VARCHAR, rule VARCHAR);
