-- marts: summary tables. Each is rebuilt by its file in sql/marts/ in every run.

CREATE SCHEMA IF NOT EXISTS marts;
