"""The tags of a MEDLINE text export (NLM, "MEDLINE/PubMed Data Element Descriptions")."""

from __future__ import annotations

SCALARS = {
    "TI": "title",
    "TT": "vernacular_title",
    "JT": "journal_title",
    "TA": "medline_ta",
    "JID": "nlm_unique_id",
    "VI": "volume",
    "IP": "issue",
    "PG": "pages",
    "STAT": "citation_status",
    "OWN": "owner",
    "PST": "publication_status",
    "PUBM": "publication_model",
    "CI": "abstract_copyright",
    "COIS": "coi_statement",
    "COI": "coi_statement",
}
LISTS = {
    "LA": "languages",
    "SB": "citation_subsets",
    "GS": "gene_symbols",
    "SFM": "space_flight_missions",
    "GN": "general_notes",
}
LINKS = {
    "CIN": "CommentIn",
    "CON": "CommentOn",
    "CRI": "CorrectedandRepublishedIn",
    "CRF": "CorrectedandRepublishedFrom",
    "ECI": "ExpressionOfConcernIn",
    "ECF": "ExpressionOfConcernFor",
    "EIN": "ErratumIn",
    "EFR": "ErratumFor",
    "ORI": "OriginalReportIn",
    "PRIN": "PartialRetractionIn",
    "PROF": "PartialRetractionOf",
    "RIN": "RetractionIn",
    "ROF": "RetractionOf",
    "RPI": "RepublishedIn",
    "RPF": "RepublishedFrom",
    "RRI": "RetractedandRepublishedIn",
    "RRF": "RetractedandRepublishedFrom",
    "SPIN": "SummaryForPatientsIn",
    "UIN": "UpdateIn",
    "UOF": "UpdateOf",
}
PEOPLE = {"FAU": "author", "FED": "editor", "FIR": "investigator", "FPS": "subject"}
"""list_kind by the tag of the full name."""
SHORT_NAMES = {"AU": "FAU", "ED": "FED", "IR": "FIR", "PS": "FPS"}
GROUPS = ("CN", "FCN")
PLACES = ("AD", "IRAD")
HISTORY = {"CRDT": "entrez", "EDAT": "pubmed", "MHDA": "medline", "PMCR": "pmc-release"}
BOOKS = {
    "BTI": "book_title",
    "PB": "publisher_name",
    "PL": "publisher_location",
    "CTI": "collection_title",
    "EN": "edition",
    "VI": "volume",
    "VTI": "volume_title",
}
BOOK_ONLY = frozenset(BOOKS).difference(["PL", "VI"]).union(["CP", "CTDT", "DRDT"])
IS_BOOK = frozenset(["BTI", "CTI", "VTI"])
"""A record with any of these is one of a book."""
OWN_NOTE = "ketum: "
"""How a general note begins that we wrote: it is never read as one of NLM's."""
READ_ELSEWHERE = frozenset(
    {"PMID", "DCOM", "LR", "DP", "DEP", "IS", "ISBN", "LID", "AID", "OID", "MID", "PMC"}
    | {"AB", "OAB", "OABL", "RN", "NM", "MH", "OT", "OTO", "GR", "SI", "PT", "PL", "RF"}
    | {"PHST", "AUID"}
)
IGNORED = {
    "SO": "the citation in one line: all of it stands in other tags",
    "DA": "date created: NLM dropped it, CRDT says the same",
    "OCI": "core keeps the copyright line of the main abstract",
}
KNOWN = READ_ELSEWHERE.union(
    SCALARS, LISTS, LINKS, PEOPLE, SHORT_NAMES, GROUPS, PLACES, HISTORY, BOOK_ONLY, IGNORED
)
