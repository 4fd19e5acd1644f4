"""What readers get: tables, a published set of them, its page, feeds, exports and answers.

The cells of tables are counted in SQL (`sql/marts/`, such as 30_study_types_by_year.sql), which
`marts` runs; `headline` lays out the table of study types by year. `publish` writes a set;
`query`, `lookup`, `explain` and `claims` answer what is asked of it.
"""
