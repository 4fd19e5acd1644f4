-- marts: summary tables. Each is made anew by its file in sql/marts/ in every run.

CREATE SCHEMA IF NOT EXISTS marts;
