-- core: PubMed as PubMed said it, normalised. Text is verbatim (mark-up flattened, nothing
-- trimmed); children are keyed by pmid and a running number in document order.
-- The remark behind each table and column becomes its COMMENT in the database.
-- Tables of several rows a record have no primary key: its index took a third of the file and of a
-- load, and every day wrote much of it again. The check child_rows_are_unique holds their keys.

CREATE SCHEMA IF NOT EXISTS core;

CREATE TABLE core.articles ( -- one row per PMID: the winning copy of its record (NLM's highest Version)
    pmid INTEGER PRIMARY KEY, -- PubMed identifier; a negative number is ours: a citation known only by DOI
    pmid_version SMALLINT NOT NULL, -- Version attribute of PMID; 0 for sources without one
    record_kind VARCHAR NOT NULL, -- article (PubmedArticle), book (PubmedBookArticle) or citation (sparse list)
    record_source VARCHAR NOT NULL, -- pubmed_xml, nbib or sparse: how much of the record the source could give
    title VARCHAR, -- ArticleTitle (a whole book: BookTitle), mark-up flattened, brackets of translated titles kept
    vernacular_title VARCHAR, -- VernacularTitle: the title in the original language
    languages VARCHAR[] NOT NULL, -- Language codes in order, e.g. [eng]
    doi VARCHAR, -- own DOI: ArticleIdList, else a valid ELocationID; verbatim
    pmc_id VARCHAR, -- own PubMed Central id (ArticleId pmc), e.g. PMC7899999
    journal_title VARCHAR, -- Journal/Title as printed in this record
    iso_abbreviation VARCHAR, -- Journal/ISOAbbreviation
    medline_ta VARCHAR, -- MedlineJournalInfo/MedlineTA
    nlm_unique_id VARCHAR, -- MedlineJournalInfo/NlmUniqueID; key of core.journals
    issn VARCHAR, -- Journal/ISSN of this record
    issn_type VARCHAR, -- Electronic or Print
    issn_linking VARCHAR, -- MedlineJournalInfo/ISSNLinking
    journal_country VARCHAR, -- MedlineJournalInfo/Country
    cited_medium VARCHAR, -- JournalIssue CitedMedium: Internet or Print
    volume VARCHAR, -- JournalIssue/Volume
    issue VARCHAR, -- JournalIssue/Issue
    pages VARCHAR, -- Pagination/MedlinePgn
    start_page VARCHAR, -- Pagination/StartPage
    end_page VARCHAR, -- Pagination/EndPage
    publication_model VARCHAR, -- Article PubModel: Print, Electronic, Print-Electronic, ...
    issue_date_verbatim VARCHAR, -- PubDate as printed: its parts joined by one space
    issue_year SMALLINT, -- first year of PubDate (for a book: of Book/PubDate); a range counts in its first year
    issue_month SMALLINT, -- first month of PubDate, 1 to 12; a season gives NLM's month (winter 1, spring 4, summer 7, fall 10)
    issue_day SMALLINT, -- day of PubDate; of a range within a month the first day
    issue_date_precision VARCHAR, -- how far the reading went: day, month, season, year, range, or unreadable (no year at all); NULL without PubDate
    electronic_date_verbatim VARCHAR, -- first ArticleDate (DateType Electronic) as printed
    electronic_year SMALLINT, -- year of ArticleDate (for a book: of ContributionDate)
    electronic_month SMALLINT, -- month of ArticleDate
    electronic_day SMALLINT, -- day of ArticleDate
    date_completed DATE, -- DateCompleted: NLM finished processing
    date_revised DATE, -- DateRevised: NLM's last change
    citation_status VARCHAR, -- MedlineCitation Status: MEDLINE, PubMed-not-MEDLINE, Publisher, ...
    owner VARCHAR, -- MedlineCitation Owner
    indexing_method VARCHAR, -- MedlineCitation IndexingMethod: Automated, Curated, Manual; NULL as published
    version_id VARCHAR, -- MedlineCitation VersionID
    version_date VARCHAR, -- MedlineCitation VersionDate
    publication_status VARCHAR, -- PubmedData/PublicationStatus: ppublish, epublish, aheadofprint
    is_author_list_complete BOOLEAN, -- AuthorList CompleteYN
    is_grant_list_complete BOOLEAN, -- GrantList CompleteYN
    is_databank_list_complete BOOLEAN, -- DataBankList CompleteYN
    number_of_references INTEGER, -- NumberOfReferences as stated by NLM (reviews of older years)
    abstract_copyright VARCHAR, -- Abstract/CopyrightInformation
    coi_statement VARCHAR, -- CoiStatement: conflict of interest statement
    citation_subsets VARCHAR[] NOT NULL, -- CitationSubset codes
    gene_symbols VARCHAR[] NOT NULL, -- GeneSymbolList
    space_flight_missions VARCHAR[] NOT NULL, -- SpaceFlightMission
    general_notes VARCHAR[] NOT NULL, -- GeneralNote as Owner: text
    record_sha256 VARCHAR NOT NULL, -- SHA-256 of the record's bytes in the raw archive (sparse: of its CSV row)
    raw_file VARCHAR, -- file under data/raw/<origin>/ that holds those bytes
    raw_offset BIGINT, -- position of the record in the uncompressed file, in bytes
    raw_length INTEGER, -- length of the record in bytes
    source_stamp VARCHAR NOT NULL, -- orders copies that are equal otherwise: file name and position, or time of fetching
    first_seen_at TIMESTAMP NOT NULL, -- UTC time of the run that first loaded this PMID
    changed_at TIMESTAMP NOT NULL -- UTC time of the run that last changed this record
);

CREATE TABLE core.article_identifiers ( -- every identifier of the article itself, never of its references
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- running number within the record
    element VARCHAR NOT NULL, -- ArticleId, ELocationID, OtherID or Isbn
    id_type VARCHAR, -- IdType, EIdType or Source attribute: doi, pii, pmc, mid, bookaccession, NASA, ...
    value VARCHAR NOT NULL, -- the identifier, verbatim
    is_valid BOOLEAN -- ELocationID ValidYN; NULL for other elements
);

CREATE TABLE core.abstract_sections ( -- abstracts, one row per AbstractText, in order
    pmid INTEGER NOT NULL, -- the article
    section_no SMALLINT NOT NULL, -- running number over main and other abstracts
    abstract_type VARCHAR NOT NULL, -- main, or the Type of OtherAbstract (Publisher, plain-language-summary, ...)
    language VARCHAR, -- Language of OtherAbstract; NULL for the main abstract
    label VARCHAR, -- Label as printed, e.g. METHODS
    nlm_category VARCHAR, -- NlmCategory: BACKGROUND, OBJECTIVE, METHODS, RESULTS, CONCLUSIONS, UNASSIGNED
    text VARCHAR NOT NULL -- the section, mark-up flattened
);

CREATE TABLE core.authors ( -- authors, editors, investigators and personal name subjects, in order
    pmid INTEGER NOT NULL, -- the article
    author_no SMALLINT NOT NULL, -- running number over all lists of the record
    list_kind VARCHAR NOT NULL, -- author, editor, book_author, book_editor, investigator or subject
    last_name VARCHAR, -- LastName
    fore_name VARCHAR, -- ForeName
    initials VARCHAR, -- Initials
    suffix VARCHAR, -- Suffix
    collective_name VARCHAR, -- CollectiveName, instead of a person's name
    orcid VARCHAR, -- ORCID as 0000-0000-0000-0000 when readable; verbatim form stands in identifiers
    identifiers VARCHAR[] NOT NULL, -- Identifier elements as Source: value, verbatim
    is_valid BOOLEAN, -- ValidYN: N marks a name that was corrected
    has_equal_contribution BOOLEAN -- EqualContrib; NULL when the record does not say
);

CREATE TABLE core.affiliations ( -- affiliations of authors and investigators
    pmid INTEGER NOT NULL, -- the article
    author_no SMALLINT NOT NULL, -- the person in core.authors
    affiliation_no SMALLINT NOT NULL, -- running number within the person
    affiliation VARCHAR, -- Affiliation, verbatim
    identifiers VARCHAR[] NOT NULL -- Identifier elements as Source: value (ROR, RINGGOLD, ...)
);

CREATE TABLE core.journals ( -- journals of the articles held, as their latest record names them
    nlm_unique_id VARCHAR PRIMARY KEY, -- NlmUniqueID
    medline_ta VARCHAR, -- MedlineTA
    journal_title VARCHAR, -- Journal/Title
    iso_abbreviation VARCHAR, -- ISOAbbreviation
    issn_linking VARCHAR, -- ISSNLinking
    country VARCHAR -- Country of publication
);

CREATE TABLE core.publication_types ( -- NLM publication types, all of them, in order
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    ui VARCHAR, -- UI of the publication type, e.g. D016449; NULL for .nbib sources
    publication_type VARCHAR NOT NULL -- its name, e.g. Randomized Controlled Trial
);

CREATE TABLE core.mesh_headings ( -- MeSH headings; one row per descriptor and qualifier pair
    pmid INTEGER NOT NULL, -- the article
    heading_no SMALLINT NOT NULL, -- order of the heading in the record
    qualifier_no SMALLINT NOT NULL, -- order of the qualifier; 0 for a descriptor without qualifiers
    descriptor_ui VARCHAR, -- UI of the descriptor; NULL for .nbib sources
    descriptor VARCHAR NOT NULL, -- DescriptorName
    is_major_descriptor BOOLEAN NOT NULL, -- MajorTopicYN of the descriptor itself
    descriptor_type VARCHAR, -- Type attribute (Geographic)
    is_auto_hm BOOLEAN, -- AutoHM of the descriptor or of this qualifier; NULL when absent
    qualifier_ui VARCHAR, -- UI of the qualifier
    qualifier VARCHAR, -- QualifierName
    is_major_qualifier BOOLEAN -- MajorTopicYN of the qualifier
);

CREATE TABLE core.chemicals ( -- ChemicalList: substances NLM indexed
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    ui VARCHAR, -- UI of NameOfSubstance: a descriptor (D...) or supplementary concept (C...)
    substance_name VARCHAR NOT NULL, -- NameOfSubstance
    registry_number VARCHAR -- RegistryNumber: CAS number, UNII, EC number or 0
);

CREATE TABLE core.supplementary_concepts ( -- SupplMeshList: diseases, protocols, organisms, ...
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    ui VARCHAR, -- UI of SupplMeshName
    name VARCHAR NOT NULL, -- SupplMeshName
    concept_type VARCHAR -- Type: Disease, Protocol, Organism, Anatomy, Population
);

CREATE TABLE core.keywords ( -- keywords of authors and NLM
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- running number over all keyword lists
    keyword_owner VARCHAR, -- KeywordList Owner: NOTNLM means the authors
    keyword VARCHAR NOT NULL, -- Keyword, mark-up flattened
    is_major BOOLEAN NOT NULL -- MajorTopicYN
);

CREATE TABLE core.grants ( -- funding as PubMed lists it
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    grant_id VARCHAR, -- GrantID
    acronym VARCHAR, -- Acronym of the NIH institute
    agency VARCHAR, -- Agency
    country VARCHAR -- Country
);

CREATE TABLE core.databank_accessions ( -- DataBankList: trial registrations, sequences, data sets
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- running number over all databanks
    databank VARCHAR NOT NULL, -- DataBankName, e.g. ClinicalTrials.gov
    accession_number VARCHAR -- AccessionNumber, e.g. NCT01234567; NULL for a databank without one
);

CREATE TABLE core.cited_references ( -- references of the article, nested lists flattened in order
    pmid INTEGER NOT NULL, -- the citing article
    reference_no INTEGER NOT NULL, -- running number over all lists
    list_title VARCHAR, -- Title of the ReferenceList it stands in directly
    citation VARCHAR, -- Citation as printed
    cited_pmid INTEGER, -- PMID of the cited article, when given
    cited_doi VARCHAR, -- DOI of the cited article, when given
    cited_pmc_id VARCHAR, -- PubMed Central id of the cited article (IdType pmc or pmcid), verbatim
    other_ids VARCHAR[] NOT NULL -- further identifiers as type: value, verbatim; a second DOI too
);

CREATE TABLE core.article_links ( -- CommentsCorrectionsList: errata, retractions, comments, updates
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    ref_type VARCHAR NOT NULL, -- RefType: CommentOn, ErratumIn, RetractionIn, UpdateOf, ...
    ref_source VARCHAR, -- RefSource: the citation as printed
    linked_pmid INTEGER, -- PMID of the other article, when given
    linked_pmid_version SMALLINT, -- its Version
    note VARCHAR -- Note
);

CREATE TABLE core.history_dates ( -- PubmedData/History: received, accepted, entrez, pubmed, medline, ...
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- order in the record
    pub_status VARCHAR NOT NULL, -- PubStatus: entrez is CRDT, pubmed is EDAT, medline is MHDA
    date_verbatim VARCHAR NOT NULL, -- Year Month Day Hour Minute Second as printed, joined by one space
    event_at TIMESTAMP -- the moment, without a stated zone; NULL when it is not a real date
);

CREATE TABLE core.related_objects ( -- PubmedData/ObjectList: parameters of attached objects
    pmid INTEGER NOT NULL, -- the article
    position SMALLINT NOT NULL, -- running number over all parameters
    object_type VARCHAR NOT NULL, -- Object Type
    param_name VARCHAR, -- Param Name
    param_value VARCHAR -- Param text
);

CREATE TABLE core.books ( -- what a PubmedBookArticle says of its book
    pmid INTEGER PRIMARY KEY, -- the chapter or book
    book_title VARCHAR, -- BookTitle
    publisher_name VARCHAR, -- PublisherName
    publisher_location VARCHAR, -- PublisherLocation
    collection_title VARCHAR, -- CollectionTitle
    edition VARCHAR, -- Edition
    volume VARCHAR, -- Volume
    volume_title VARCHAR, -- VolumeTitle
    medium VARCHAR, -- Medium
    report_number VARCHAR, -- ReportNumber
    beginning_date_verbatim VARCHAR, -- BeginningDate as printed
    ending_date_verbatim VARCHAR, -- EndingDate as printed
    location_labels VARCHAR[] NOT NULL, -- LocationLabel elements as type: text
    sections VARCHAR[] NOT NULL, -- Section titles in order
    items VARCHAR[] NOT NULL -- ItemList entries as type: text
);

CREATE TABLE core.article_versions ( -- NLM's other Versions of a PMID, beside the one in core.articles
    pmid INTEGER NOT NULL, -- the article
    pmid_version SMALLINT NOT NULL, -- Version of this copy
    title VARCHAR, -- ArticleTitle of this version
    doi VARCHAR, -- DOI of this version
    date_revised DATE, -- DateRevised of this version
    record_sha256 VARCHAR NOT NULL, -- hash of its bytes in the raw archive
    raw_file VARCHAR, -- file under data/raw/<origin>/
    raw_offset BIGINT, -- position in the uncompressed file, in bytes
    raw_length INTEGER, -- length in bytes
    source_stamp VARCHAR NOT NULL, -- orders copies that are equal otherwise
    seen_at TIMESTAMP NOT NULL, -- UTC time of the run that first saw this copy
    PRIMARY KEY (pmid, pmid_version)
);

CREATE TABLE core.article_revisions ( -- every distinct body of a record seen by any run
    pmid INTEGER NOT NULL, -- the article
    pmid_version SMALLINT NOT NULL, -- Version of this copy
    record_source VARCHAR NOT NULL, -- pubmed_xml, nbib or sparse
    content_sha VARCHAR NOT NULL, -- SHA-256 of the record's bytes
    date_revised DATE, -- DateRevised of this copy
    raw_file VARCHAR, -- file under data/raw/<origin>/ that holds it
    raw_offset BIGINT, -- position in the uncompressed file, in bytes
    raw_length INTEGER, -- length in bytes
    seen_at TIMESTAMP NOT NULL, -- UTC time of the run that first saw it
    PRIMARY KEY (pmid, pmid_version, content_sha)
);

CREATE TABLE core.deleted_citations ( -- DeleteCitation entries seen, whether we held the article or not
    pmid INTEGER NOT NULL, -- the deleted article
    pmid_version SMALLINT NOT NULL, -- Version stated
    source_stamp VARCHAR NOT NULL, -- file that deleted it: applies to its own copies, and to those of NLM's earlier numbered files
    seen_at TIMESTAMP NOT NULL, -- UTC time of the run
    PRIMARY KEY (pmid, pmid_version, source_stamp)
);
