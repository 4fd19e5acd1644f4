-- The headline table as page, terminal, digest and notebooks show it, cell by cell: earlier years in
-- one column, the undated, totals. pipeline/outputs/headline.py makes it of marts.headline_by_year.

CREATE OR REPLACE TABLE marts.headline_table ( -- cells of the headline table; never sum across searches, nor rows and totals
    search VARCHAR NOT NULL, -- the search
    row_order SMALLINT NOT NULL, -- place of the row
    row_label VARCHAR NOT NULL, -- group of study types, Retracted, Preprints, Notices, or Records (the total of the groups)
    counted_as VARCHAR NOT NULL, -- record, retracted, preprint or notice
    column_order SMALLINT NOT NULL, -- place of the column
    column_label VARCHAR NOT NULL, -- years with their mark (* this year, ~ last year, + dated ahead), undated, or total
    first_year SMALLINT, -- first year of the column; NULL for all that came before, for undated and for total
    last_year SMALLINT, -- last year of the column; NULL for undated and for total
    record_count INTEGER, -- records; NULL where not known
    held_count INTEGER NOT NULL, -- record_count of what is held
    unread_count INTEGER, -- listed records that could not be read: each count may be as much higher; NULL where partial
    coverage VARCHAR NOT NULL, -- complete, complete_list or partial: marts.coverage
    PRIMARY KEY (search, row_order, column_order)
);
