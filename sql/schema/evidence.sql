-- evidence: what ketum judges about the records of core, each judgement with its proof.
-- Everything here is made by judging from core and data/reference, for the records that
-- changed (ops.judged); nothing here is edited by hand. Groups and types have a neutral
-- order: none of it is a rank.
-- The remark behind each table and column becomes its COMMENT in the database.

CREATE SCHEMA IF NOT EXISTS evidence;

CREATE TABLE evidence.rule_sets ( -- the rule files this warehouse was judged with
    kind VARCHAR PRIMARY KEY, -- topic, study_type, facet, registry, claim, finding or override: what the rules decide
    rules_version VARCHAR NOT NULL, -- version stated in the rule file
    rules_sha256 VARCHAR NOT NULL, -- SHA-256 of the rule file's bytes
    rule_count INTEGER NOT NULL -- number of rules (for overrides: of decisions) in it
);

CREATE TABLE evidence.study_types ( -- the study types, in display order (neutral, not a rank)
    study_type VARCHAR PRIMARY KEY, -- code, e.g. RCT; OTHER is unclassified
    label VARCHAR NOT NULL, -- name shown to readers
    evidence_group VARCHAR NOT NULL, -- group in evidence.evidence_groups
    definition VARCHAR NOT NULL, -- what belongs here
    is_summary BOOLEAN NOT NULL, -- summarises other studies instead of reporting one
    group_order SMALLINT NOT NULL, -- position of the group; neutral, not a rank
    display_order SMALLINT NOT NULL -- position of the type; neutral, not a rank
);

CREATE TABLE evidence.evidence_groups ( -- groups of study types: the rows of headline, chart and claim map alike
    evidence_group VARCHAR PRIMARY KEY, -- its name, e.g. Randomised trials
    short_label VARCHAR NOT NULL, -- its name where a column is narrow
    group_kind VARCHAR NOT NULL, -- study, summary or other: only of studies, further types count in their groups too
    group_order SMALLINT NOT NULL -- position of the group; neutral, not a rank
);

CREATE TABLE evidence.study_type_accuracy ( -- how good each study type was found to be, on which set
    study_type VARCHAR NOT NULL, -- code; not measured where no set has it, not measured on kratom where fewer than 30 kratom records were read
    measured_on VARCHAR NOT NULL, -- the set, its part and scheme; or not measured, or not measured on kratom
    class_name VARCHAR, -- class of that set the type was compared with; it may hold other types too
    precision_value DOUBLE, -- share of records given this class that have it in the set
    precision_low DOUBLE, -- lower end of its 95 % interval
    precision_high DOUBLE, -- upper end of its 95 % interval
    predicted_count INTEGER, -- records given this class
    recall_value DOUBLE, -- share of the set's records of this class that were given it
    recall_low DOUBLE, -- lower end of its 95 % interval
    recall_high DOUBLE, -- upper end of its 95 % interval
    positive_count INTEGER, -- records of this class in the set; below 50 neither good nor bad
    rules_version VARCHAR, -- rules that were measured
    PRIMARY KEY (study_type, measured_on)
);

CREATE TABLE evidence.claim_accuracy ( -- how often records are rightly said to address a question, on kratom records that a person read
    claim VARCHAR PRIMARY KEY, -- question, see evidence.claims
    measured_on VARCHAR NOT NULL, -- kratom; or not measured on kratom, where fewer than 30 records were said or read to address it
    said_count INTEGER NOT NULL, -- records read that the rules say address it; those that a reader could say either way are left out
    said_right_count INTEGER NOT NULL, -- of these, records that do by the reader
    read_count INTEGER NOT NULL, -- records that address it by the reader
    read_found_count INTEGER NOT NULL, -- of these, records that the rules say do
    precision_value DOUBLE, -- said_right_count of said_count; NULL below 30
    recall_value DOUBLE, -- read_found_count of read_count; NULL below 30
    rules_version VARCHAR -- rules that were measured
);

CREATE TABLE evidence.facet_accuracy ( -- how often a value of a facet is rightly given, and found, on kratom records that a person read
    facet VARCHAR PRIMARY KEY, -- facet, see evidence.facets
    measured_on VARCHAR NOT NULL, -- kratom; or not measured on kratom, where fewer than 30 values were given or read
    said_count INTEGER NOT NULL, -- values of records read that the rules give
    said_right_count INTEGER NOT NULL, -- of these, values that are right by the reader
    read_count INTEGER NOT NULL, -- values that the records have by the reader
    read_found_count INTEGER NOT NULL, -- of these, values that the rules give
    precision_value DOUBLE, -- said_right_count of said_count; NULL below 30
    recall_value DOUBLE -- read_found_count of read_count; NULL below 30
);

CREATE TABLE evidence.confidence_measured ( -- how often a primary type was right by the kind of evidence it rests on; a pair without a row is not measured
    study_type VARCHAR NOT NULL, -- code
    evidence VARCHAR NOT NULL, -- what the type rests on, see evidence.article_study_types
    confidence VARCHAR NOT NULL, -- what readers see: high from .95 where the type itself was measured, medium from .80, else low; hints are low
    right_count INTEGER NOT NULL, -- records that were right
    measured_count INTEGER NOT NULL, -- records that were compared, 30 or more
    right_low DOUBLE NOT NULL, -- lower end of the 95 % interval of the share
    right_high DOUBLE NOT NULL, -- upper end
    measured_on VARCHAR NOT NULL, -- the set and its part; of several sets the one with the lowest share
    class_name VARCHAR NOT NULL, -- class of the set the type was compared with
    is_of_class BOOLEAN NOT NULL, -- the figures are of all types of that class, since the type alone has fewer than 30 records
    rules_version VARCHAR NOT NULL, -- rules that were measured
    PRIMARY KEY (study_type, evidence)
);

CREATE TABLE evidence.study_type_aspects ( -- what is said about a label beside its code
    aspect VARCHAR NOT NULL, -- code, e.g. data_source or synthesis_of
    study_type VARCHAR NOT NULL, -- study type it applies to
    label VARCHAR NOT NULL, -- name shown to readers
    definition VARCHAR NOT NULL, -- what it says
    value_list VARCHAR[] NOT NULL, -- values it can have
    is_required BOOLEAN NOT NULL, -- every label of the type has one
    PRIMARY KEY (aspect, study_type)
);

CREATE TABLE evidence.topics ( -- the concept blocks searches are made of
    topic VARCHAR PRIMARY KEY, -- code, e.g. kratom
    label VARCHAR NOT NULL, -- name shown to readers
    pubmed_query VARCHAR NOT NULL, -- the block as sent to PubMed, verbatim
    subject VARCHAR, -- what a sentence calls experiments with it; NULL where it is not given to people
    display_order SMALLINT NOT NULL -- order in the reference file
);

CREATE TABLE evidence.searches ( -- searches: booleans of topics
    search VARCHAR PRIMARY KEY, -- code, e.g. kratom_pain
    label VARCHAR NOT NULL, -- name shown to readers
    mode VARCHAR NOT NULL, -- live (PubMed's answer is the membership) or files (local matching only)
    topics VARCHAR[] NOT NULL, -- topics that must all match
    pubmed_query VARCHAR NOT NULL, -- the query as sent to PubMed, verbatim
    minimum_count INTEGER NOT NULL, -- fewer live hits than this stop the run
    maximum_count INTEGER, -- more live hits than this are reported; NULL for no bound
    is_headline BOOLEAN NOT NULL, -- its tables and top sentence stand at the top
    is_focus BOOLEAN NOT NULL, -- the known articles and the questions are about its records; one search has it
    display_order SMALLINT NOT NULL -- order in the reference file
);

CREATE TABLE evidence.article_topics ( -- topics a record matches by the local predicate
    pmid INTEGER NOT NULL, -- the article
    topic VARCHAR NOT NULL, -- code in evidence.topics
    level VARCHAR NOT NULL, -- focus (title or major heading), outcome (results, conclusions) or mention
    rules_version VARCHAR NOT NULL, -- version of topics.toml
    PRIMARY KEY (pmid, topic)
);

CREATE TABLE evidence.article_study_types ( -- every study type label of every article
    pmid INTEGER NOT NULL, -- the article
    study_type VARCHAR NOT NULL, -- code in evidence.study_types
    is_primary BOOLEAN NOT NULL, -- the one label the tables count the article under
    assigned_by VARCHAR NOT NULL, -- strongest source: override, nlm_pt, nlm_mesh, record_kind, text_rule; none for OTHER
    confidence VARCHAR NOT NULL, -- high (at least 95 of 100 were right), medium (80), low, or not measured: evidence.confidence_measured; low for hints and OTHER, high for a decision of a person
    evidence VARCHAR NOT NULL, -- what it rests on: title, abstract, likely or hint (also with `, title alone`), tag, link, override, none
    has_conflict BOOLEAN NOT NULL, -- decisive signals of types that do not go together; for review
    precedence VARCHAR, -- step of the stated precedence that made this label the primary; NULL otherwise
    reason VARCHAR, -- why nothing was assigned (OTHER), else NULL
    rules_version VARCHAR NOT NULL, -- version of study_types.toml
    PRIMARY KEY (pmid, study_type)
);

CREATE TABLE evidence.article_type_aspects ( -- what is said about the labels of an article
    pmid INTEGER NOT NULL, -- the article
    study_type VARCHAR NOT NULL, -- the label
    aspect VARCHAR NOT NULL, -- code in evidence.study_type_aspects
    value VARCHAR NOT NULL, -- e.g. poison_centre; for synthesis_of also mixed and not_stated
    rules_version VARCHAR NOT NULL, -- version of study_types.toml
    PRIMARY KEY (pmid, study_type, aspect, value)
);

CREATE TABLE evidence.study_type_suggestions ( -- what the second reader suggests; never a label
    pmid INTEGER PRIMARY KEY, -- the article
    suggestion VARCHAR NOT NULL, -- the label of its training set it finds likeliest
    study_types VARCHAR[] NOT NULL, -- study types that go with it
    probability DOUBLE NOT NULL, -- how likely the reader finds it, 0 to 1
    agrees BOOLEAN NOT NULL -- the primary study type is among them
);

CREATE TABLE evidence.article_flags ( -- facts about a record that are not study types
    pmid INTEGER PRIMARY KEY, -- the article
    is_retracted BOOLEAN NOT NULL, -- publication type Retracted Publication, a RetractionIn link, or a title that begins with RETRACTED or WITHDRAWN; its proof is in evidence.proofs
    is_notice BOOLEAN NOT NULL, -- primary study type is NOTICE: an erratum, a retraction notice, a concern
    is_preprint BOOLEAN NOT NULL, -- publication type Preprint
    is_veterinary BOOLEAN NOT NULL, -- veterinary publication type, or a heading with qualifier veterinary
    is_multicenter BOOLEAN NOT NULL, -- publication type Multicenter Study, or said in title or methods
    is_feed_study BOOLEAN NOT NULL, -- what the plant does as feed of farm animals
    is_other_species BOOLEAN NOT NULL, -- about another Mitragyna and not about kratom
    is_possible_human_experiment BOOLEAN NOT NULL, -- any signal of a trial or human laboratory study; a wide net, no type
    rules_version VARCHAR NOT NULL -- version of study_types.toml
);

CREATE TABLE evidence.facets ( -- what is said about records beside their study type
    facet VARCHAR PRIMARY KEY, -- code, e.g. species
    label VARCHAR NOT NULL, -- name shown to readers
    definition VARCHAR NOT NULL, -- what it says
    study_types VARCHAR[] NOT NULL, -- it applies to records that carry one of these types; empty: see topic
    topic VARCHAR, -- it applies to every record of this topic
    display_order SMALLINT NOT NULL -- order in the reference file
);

CREATE TABLE evidence.facet_values ( -- the values facets can have; numbers and years are read and not listed
    facet VARCHAR NOT NULL, -- code in evidence.facets
    value VARCHAR NOT NULL, -- code of the value; not_stated where no rule has one
    label VARCHAR NOT NULL, -- name shown to readers
    display_order SMALLINT NOT NULL, -- order in the reference file
    PRIMARY KEY (facet, value)
);

CREATE TABLE evidence.article_facets ( -- what was tested, in whom, how: many values a record and facet
    pmid INTEGER NOT NULL, -- the article
    facet VARCHAR NOT NULL, -- code in evidence.facets
    value VARCHAR NOT NULL, -- code in evidence.facet_values, a number, or years as 2011-2017; not_stated is a value
    level VARCHAR NOT NULL, -- focus (title or major heading), outcome (results, conclusions), mention; none for not_stated
    assigned_by VARCHAR NOT NULL, -- rule, override; none for not_stated
    finding VARCHAR, -- of a harm, what the authors state of it: see evidence.article_claims; NULL for other facets and not_stated
    rules_version VARCHAR NOT NULL -- version of facets.toml
);

CREATE TABLE evidence.article_ties ( -- values of an article that one sentence, or a sentence and its neighbour, name together; proofs of kind tie say where
    pmid INTEGER NOT NULL, -- the article
    row_kind VARCHAR NOT NULL, -- preclinical (substance, species, test) or experiment (substance, dose, purpose)
    tie_no SMALLINT NOT NULL, -- running number within article and kind: values of one number belong together
    facet VARCHAR NOT NULL, -- code in evidence.facets
    value VARCHAR NOT NULL, -- one value of evidence.article_facets
    rules_version VARCHAR NOT NULL, -- version of facets.toml
    PRIMARY KEY (pmid, row_kind, tie_no, facet)
);

CREATE TABLE evidence.registrations ( -- registrations of trials and reviews, from NLM's list and from the text
    pmid INTEGER NOT NULL, -- the article that names it
    registry VARCHAR NOT NULL, -- registry, as in registries.toml
    number VARCHAR NOT NULL, -- the number in the registry's own form, e.g. NCT01234567
    source VARCHAR NOT NULL, -- databank (NLM's DataBankList), text, or both
    number_verbatim VARCHAR NOT NULL, -- as first written there
    is_trial_registry BOOLEAN NOT NULL, -- a registry of studies in people; PROSPERO and OSF are of reviews and plans
    PRIMARY KEY (pmid, registry, number)
);

CREATE TABLE evidence.study_links ( -- why two records are thought to belong together, or to share cases
    pmid INTEGER NOT NULL, -- the article with the lower PMID
    other_pmid INTEGER NOT NULL, -- the other one; it may be one that is not held
    relation VARCHAR NOT NULL, -- same_registration, update, republished, erratum, retraction, comment, or overlapping_data
    ground VARCHAR NOT NULL, -- the registration, NLM's RefType, or source and years of the data
    is_same_study BOOLEAN NOT NULL, -- the relation puts both into one study group as reports
    may_share_cases BOOLEAN NOT NULL, -- both may count the same cases
    PRIMARY KEY (pmid, other_pmid, relation, ground)
);

CREATE TABLE evidence.study_groups ( -- which records belong to one study; a record alone is a group of its own
    pmid INTEGER PRIMARY KEY, -- the article
    study_group VARCHAR NOT NULL, -- name of the group: its first registration, else PMID and the lowest PMID in it
    role VARCHAR NOT NULL, -- report, protocol, comment, notice or summary: only reports count as reports of the study
    grounds VARCHAR[] NOT NULL, -- grounds of the links to the rest of the group, as in evidence.study_links; empty alone
    may_share_cases BOOLEAN NOT NULL -- another record of the same source covers some of the same years
);

CREATE TABLE evidence.proofs ( -- the words, headings and tags behind every judgement
    kind VARCHAR NOT NULL, -- topic, study_type, flag, facet, tie, registration, claim or finding
    code VARCHAR NOT NULL, -- the topic, study type, flag or claim proved; facet.value; of a tie row_kind.tie_no.facet.value; the number of a registration; of a finding CLAIM.FINDING or harm.VALUE.FINDING
    pmid INTEGER NOT NULL, -- the article
    proof_no INTEGER NOT NULL, -- running number within kind, code and article
    rule_id VARCHAR NOT NULL, -- rule of the reference file that fired
    source VARCHAR NOT NULL, -- text, nlm_pt, nlm_mesh, nlm_mesh_major, nlm_substance, nlm_supplementary, record_kind, link, affiliation, nlm_databank or override
    field VARCHAR NOT NULL, -- where: title, vernacular_title, abstract, keywords, mesh_headings, publication_types, ...
    section_no SMALLINT, -- abstract section or keyword position; NULL for fields with one value
    matched_text VARCHAR NOT NULL, -- exact words of the stored text, or the heading, tag or reason
    char_start INTEGER, -- first character of the words, counted in code points from 0; NULL for tags
    char_end INTEGER, -- one past the last character; NULL for tags
    rules_version VARCHAR NOT NULL -- version of the rule file
);

CREATE TABLE evidence.overrides ( -- people's decisions, beside what the rules say
    pmid INTEGER NOT NULL, -- the article
    field VARCHAR NOT NULL, -- what is decided: study_type, or facet.NAME
    value VARCHAR NOT NULL, -- the decision; values of a facet joined by a semicolon
    expect VARCHAR NOT NULL, -- what the rules said when the decision was taken
    who VARCHAR NOT NULL, -- who decided
    decided_date DATE NOT NULL, -- when
    why VARCHAR NOT NULL, -- the grounds
    automatic_value VARCHAR, -- what the rules say now; NULL when the article is not held
    is_expectation_met BOOLEAN, -- the rules still say what was expected; NULL when not held
    PRIMARY KEY (pmid, field)
);

CREATE TABLE evidence.claims ( -- the questions of the field, and what a popular article says of kratom, each as a question; counts show what was looked at and what authors state, not what is true
    claim VARCHAR PRIMARY KEY, -- code, e.g. analgesia or safety.liver
    parent VARCHAR, -- the claim it is a part of
    question VARCHAR NOT NULL, -- the question
    definition VARCHAR NOT NULL, -- what is asked, in a sentence
    what_counts VARCHAR NOT NULL, -- what counts as addressing it
    not_readings VARCHAR[] NOT NULL, -- what does not: readings that must not match
    cards VARCHAR[] NOT NULL, -- the maps it stands on: field, article or both, see evidence.claim_cards
    question_group VARCHAR NOT NULL, -- its group, see evidence.question_groups
    asks VARCHAR NOT NULL, -- does_it: to be split by finding, never a bare count; what_is_known: a count of what there is
    kind VARCHAR NOT NULL, -- effect, figure or gap (the article is silent); context and product do not ask about the literature on kratom
    says VARCHAR, -- the article's words, at most 25; NULL where it is silent
    source VARCHAR, -- what the article names for it, and what we identified
    topic VARCHAR NOT NULL, -- the topic it is about
    answered_by VARCHAR[] NOT NULL, -- study types that would answer it; records of others only mention it
    sense VARCHAR, -- how its finding is decided where not as for an effect: benefit (worse is not found), cause, absence, mechanism, presence, others, use, known or compared; see findings.toml
    is_matched BOOLEAN NOT NULL, -- records are looked for; false for context, product, and claims shown as their parts
    display_order SMALLINT NOT NULL -- order of the groups, then of claims.toml
);

CREATE TABLE evidence.claim_cards ( -- the maps of questions, each for itself
    card VARCHAR PRIMARY KEY, -- field or article
    label VARCHAR NOT NULL, -- name
    description VARCHAR NOT NULL, -- what it holds
    display_order SMALLINT NOT NULL -- the main map first
);

CREATE TABLE evidence.question_groups ( -- groups of questions, as they are shown
    question_group VARCHAR PRIMARY KEY, -- code
    label VARCHAR NOT NULL, -- name
    display_order SMALLINT NOT NULL -- order of claims.toml
);

CREATE TABLE evidence.findings ( -- what authors can state of a claim or a harm, in the order of tables
    finding VARCHAR PRIMARY KEY, -- code in evidence.article_claims and article_facets
    label VARCHAR NOT NULL, -- in words for readers
    display_order SMALLINT NOT NULL -- position; no rank
);

CREATE TABLE evidence.claim_leaned_on ( -- the studies the article leans on, in our own words
    position SMALLINT PRIMARY KEY, -- order of claims.toml
    claims VARCHAR[] NOT NULL, -- claims it is used for
    says VARCHAR NOT NULL, -- the article's words
    pmid INTEGER, -- the study, where we know it
    doi VARCHAR, -- its DOI, where we know it
    certainty VARCHAR NOT NULL, -- how sure the identification is
    tested VARCHAR NOT NULL, -- what was tested, in whom
    differs VARCHAR NOT NULL -- how that differs from what the article says
);

CREATE TABLE evidence.article_claims ( -- claims a record addresses, with proofs of kind claim
    pmid INTEGER NOT NULL, -- the article
    claim VARCHAR NOT NULL, -- code in evidence.claims
    how VARCHAR NOT NULL, -- measured, observed (cases), reported_by_users, reason_for_use, reviewed or mentioned
    finding VARCHAR NOT NULL, -- what its authors state, not what is true: reported, not_found (looked for), ruled_out (as a cause), mixed (reported beside one of these) or unclear (left open, or not in what is held)
    finding_by VARCHAR NOT NULL, -- rule, or override: a person read it
    rules_version VARCHAR NOT NULL, -- version of claims.toml
    PRIMARY KEY (pmid, claim)
);

CREATE TABLE evidence.claim_evidence ( -- what a record concludes of a claim, as a person read it, with a checked quote
    claim VARCHAR NOT NULL, -- code in evidence.claims
    pmid INTEGER NOT NULL, -- the article
    direction VARCHAR NOT NULL, -- supports, partly, against or unclear
    directness VARCHAR NOT NULL, -- same population and product, other population, other product, animal or cells
    population VARCHAR, -- who or what was studied
    sample_size INTEGER, -- how many
    quote VARCHAR NOT NULL, -- exact words of title or abstract, at most 25; ... leaves words out
    section VARCHAR NOT NULL, -- title or abstract: where the quote stands
    note VARCHAR, -- what a reader must know
    who VARCHAR NOT NULL, -- who read it
    curated_date DATE NOT NULL, -- when
    stale_reason VARCHAR, -- text changed or retracted since, or not held: quote unchecked; NULL while it holds
    PRIMARY KEY (claim, pmid)
);
