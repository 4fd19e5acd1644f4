-- ops: how the data came here: runs, searches, memberships, changes, what could not be read.

CREATE SCHEMA IF NOT EXISTS ops;

CREATE TABLE ops.warehouse ( -- one row: what this database is
    origin VARCHAR PRIMARY KEY, -- pubmed, or archive:<name> for files and the demonstration; origins never mix
    schema_version VARCHAR NOT NULL, -- fingerprint of sql/schema when the file was made
    parser_version VARCHAR NOT NULL, -- fingerprint of what read the archived bytes: parser, its libraries, merging of copies
    contract_version INTEGER NOT NULL, -- version of the names other things rely on
    created_at TIMESTAMP NOT NULL -- UTC time of the first run
);

CREATE TABLE ops.runs ( -- runs whose data is in this database, loaded from their journals
    run_id VARCHAR PRIMARY KEY, -- directory name under data/runs/
    mode VARCHAR NOT NULL, -- live, offline or files
    as_of TIMESTAMP NOT NULL, -- UTC time the run calls now: the date of its searches
    parameters VARCHAR NOT NULL, -- the run's options, as JSON, without secrets
    ketum_version VARCHAR NOT NULL, -- version of the program
    reference_sha256 VARCHAR NOT NULL, -- SHA-256 over the names and hashes of the reference files used
    previous_published_at TIMESTAMP, -- as_of of the published set this run was compared with; NULL for the first
    is_full_read BOOLEAN NOT NULL, -- every record was read again, not only new, revised and unsettled ones
    is_unchanged BOOLEAN NOT NULL, -- nothing differed from the run before: judgements and memberships were left as they are
    request_count INTEGER NOT NULL, -- requests sent to PubMed until all records had arrived, repetitions included; the monthly counts by year come on top
    content_sha256 VARCHAR NOT NULL -- SHA-256 over answers, records, reference files, program and year: what decides is_unchanged
);

CREATE TABLE ops.searches ( -- every search of every run: what was asked and what was answered
    run_id VARCHAR NOT NULL, -- the run
    search VARCHAR NOT NULL, -- name of the search in topics.toml
    label VARCHAR NOT NULL, -- its name for readers
    mode VARCHAR NOT NULL, -- live or files, as declared
    strategy VARCHAR NOT NULL, -- the PubMed query, verbatim; the local predicate is made from the same definition
    strategy_sha256 VARCHAR NOT NULL, -- SHA-256 of the strategy: another one makes the run a baseline
    searched_at TIMESTAMP NOT NULL, -- UTC date of the search (as_of of the run)
    query_translation VARCHAR, -- QueryTranslation as PubMed answered; NULL for files
    translation_status VARCHAR, -- next to the last run: first (or another strategy), same, grown, or accepted (--accept-translation); NULL for archives and files
    warnings VARCHAR[] NOT NULL, -- ErrorList and WarningList entries as kind: text
    hit_count INTEGER NOT NULL, -- records found (files: records matched in this run)
    is_complete BOOLEAN NOT NULL, -- whether the answer covers all of PubMed and each record it lists could be read, so that a zero means none
    unread_count INTEGER NOT NULL, -- records the answer lists whose text could not be read; while there is any, is_complete is false
    is_baseline BOOLEAN NOT NULL, -- first run or changed strategy: nothing is announced as new
    PRIMARY KEY (run_id, search)
);

CREATE TABLE ops.denominators ( -- how many records PubMed itself holds by year, counted about once a month; empty but for live data
    denominator VARCHAR NOT NULL, -- pubmed (all records) or pain (what the topic pain finds)
    date_tag VARCHAR NOT NULL, -- PubMed's tag of the year: edat, one Entry Date a record, so that years do not overlap
    year SMALLINT NOT NULL, -- the year
    record_count INTEGER NOT NULL, -- records of all kinds that PubMed counted, notices and retracted ones too
    counted_at TIMESTAMP NOT NULL, -- as_of of the run that asked
    strategy VARCHAR NOT NULL, -- the query without its year, verbatim
    PRIMARY KEY (denominator, date_tag, year, counted_at)
);

CREATE TABLE ops.file_counts ( -- records of NLM's files by year as `ketum bulk-load --counts` counted them, each PMID once; empty until it has
    counted_at TIMESTAMP NOT NULL, -- UTC time of the counting; ops.counted_files has its files
    counted_to DATE, -- latest Entry Date among the records: a year that ends after it is partial; NULL where none has one
    is_whole BOOLEAN NOT NULL, -- the files are one series of NLM's from number 1 without a gap, so that they hold all of PubMed; only then shares are made of it
    kind VARCHAR NOT NULL, -- all (every record), topic or search
    name VARCHAR NOT NULL, -- pubmed, or the topic or search as topics.toml names it
    strategy VARCHAR NOT NULL, -- its query as PubMed is asked it; the files were matched by the local predicate of the same definition
    is_denominator BOOLEAN NOT NULL, -- shares are made of it: all records, and topics that topics.toml wants counted
    date_tag VARCHAR NOT NULL, -- edat (NLM's Entry Date) or publication (of the issue, else electronic)
    year SMALLINT, -- the year; NULL for records without one, so that all years add up to all records
    record_count INTEGER NOT NULL -- records of all kinds, notices and retracted ones too; the newest version, and none that is deleted
);

CREATE TABLE ops.counted_files ( -- the files behind each count of ops.file_counts, and those that were missing
    counted_at TIMESTAMP NOT NULL, -- of the count
    file VARCHAR NOT NULL, -- name of the file
    is_missing BOOLEAN NOT NULL, -- its number is lacking in the series: what it holds is not counted
    file_sha256 VARCHAR, -- SHA-256 of its bytes; NULL where missing, as all that follows
    is_checked BOOLEAN, -- a .md5 file beside it said the same as its bytes
    record_count INTEGER, -- records in it, older versions too
    deletion_count INTEGER, -- PMIDs that it deletes
    unreadable_count INTEGER, -- pieces that cannot be read as a record, and are not counted
    PRIMARY KEY (counted_at, file)
);

CREATE TABLE ops.search_hits ( -- memberships: one row a stay of a record in a search
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    entered_at TIMESTAMP NOT NULL, -- as_of of the run that first found it
    left_at TIMESTAMP, -- as_of of the run that no longer found it; NULL while it is a member
    entered_reason VARCHAR NOT NULL, -- first_run, appeared, strategy_changed or translation_changed
    left_reason VARCHAR, -- left, deleted, merged, strategy_changed, translation_changed or unknown
    merged_into_pmid INTEGER, -- a member with the same DOI as this deleted record: the evidence for merged
    matched_by VARCHAR NOT NULL, -- pubmed, local, both, or listed (a citation list names it)
    PRIMARY KEY (search, pmid, entered_at)
);

CREATE TABLE ops.search_differences ( -- where PubMed and the local predicate disagree about a held record
    search VARCHAR NOT NULL, -- the search
    pmid INTEGER NOT NULL, -- the record
    matched_by VARCHAR NOT NULL, -- pubmed (the predicate cannot explain it) or local (PubMed did not return it: no member)
    PRIMARY KEY (search, pmid)
);

CREATE TABLE ops.article_changes ( -- what changed in a record between our fetches, field by field
    pmid INTEGER NOT NULL, -- the article
    changed_at TIMESTAMP NOT NULL, -- as_of of the run that saw the change
    field VARCHAR NOT NULL, -- column of core.articles, a child table of core, or record (deleted)
    before VARCHAR, -- value before; rows of child tables joined by ' | '
    after VARCHAR, -- value after
    PRIMARY KEY (pmid, changed_at, field)
);

CREATE TABLE ops.study_type_changes ( -- primary study types that changed between two runs
    pmid INTEGER NOT NULL, -- the article
    changed_at TIMESTAMP NOT NULL, -- as_of of the run that gave the new type
    before VARCHAR NOT NULL, -- primary study type before
    after VARCHAR NOT NULL, -- primary study type since
    cause VARCHAR NOT NULL, -- what changed: fields of the record, the version of the rules, a person's decision, or the program
    PRIMARY KEY (pmid, changed_at)
);

CREATE TABLE ops.judged ( -- by what each record was last judged: one that has not changed is not judged again
    pmid INTEGER PRIMARY KEY, -- the article
    input_sha256 VARCHAR NOT NULL, -- fingerprint of what judgements read of it, and of people's decisions about it
    rules_sha256 VARCHAR NOT NULL -- fingerprint of rule files, the program's rules and the versions of what they stand on
);

CREATE TABLE ops.quarantine ( -- records that could not be read, with their bytes
    raw_file VARCHAR NOT NULL, -- file under data/raw/<origin>/
    raw_offset BIGINT NOT NULL, -- position in the uncompressed file
    seen_at TIMESTAMP NOT NULL, -- as_of of the run
    pmid INTEGER, -- the first PMID in its bytes, if any can be seen
    reason VARCHAR NOT NULL, -- why it could not be read
    record_bytes BLOB NOT NULL, -- the bytes as they came
    read_at TIMESTAMP, -- as_of of the later run that could read a text of this PMID; NULL until then
    PRIMARY KEY (raw_file, raw_offset)
);

CREATE TABLE ops.unread_records ( -- records that a search lists now and whose text could not be read; rebuilt by every run
    search VARCHAR NOT NULL, -- the search that lists the record
    pmid INTEGER NOT NULL, -- the record
    is_held BOOLEAN NOT NULL, -- an older text of it is held, shown and counted; else it is counted nowhere
    reason VARCHAR NOT NULL, -- why there is no text: why it could not be read, or that it was withdrawn or did not come
    PRIMARY KEY (search, pmid)
);

CREATE TABLE ops.unknown_values ( -- elements, attributes and values of the input that no rule names, per run
    seen_at TIMESTAMP NOT NULL, -- as_of of the run
    kind VARCHAR NOT NULL, -- element, attribute or value
    name VARCHAR NOT NULL, -- where and what
    occurrence_count INTEGER NOT NULL, -- how often
    PRIMARY KEY (seen_at, kind, name)
);

CREATE TABLE ops.known_articles ( -- articles a good search must find (data/reference/known_articles.csv)
    position SMALLINT PRIMARY KEY, -- line in the file
    pmid INTEGER, -- PMID, when known
    doi VARCHAR, -- DOI, when known
    title VARCHAR, -- title as listed
    is_held BOOLEAN NOT NULL, -- whether a held record has this PMID or DOI
    is_member BOOLEAN NOT NULL, -- whether it is in the kratom search now
    is_only_listed BOOLEAN NOT NULL -- it is there by its own citation, not by an answer of PubMed
);
