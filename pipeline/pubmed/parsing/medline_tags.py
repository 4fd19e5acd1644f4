"""The tags of a MEDLINE text export (NLM, "MEDLINE/PubMed Data Element Descriptions")."""

from __future__ import annotations

SCALARS = {
    "TI": "title",
    "TT": "vernacular_title",
    "JT": "journal_title",
    "TA": "medline_ta",
    "JID": "nlm_unique_id",
    "PL": "journal_country",
    "VI": "volume",
    "IP": "issue",
    "PG": "pages",
    "STAT": "citation_status",
    "OWN": "owner",
    "PST": "publication_status",
    "PUBM": "publication_model",
    "CI": "abstract_copyright",
    "COIS": "coi_statement",
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
PEOPLE = {
    "FAU": ("author", "AU"),
    "FED": ("editor", "ED"),
    "FIR": ("investigator", "IR"),
    "FPS": ("subject", "PS"),
}
HISTORY = {"CRDT": "entrez", "EDAT": "pubmed", "MHDA": "medline"}
READ_ELSEWHERE = frozenset(
    [
        "PMID",
        "DCOM",
        "LR",
        "DP",
        "DEP",
        "IS",
        "LID",
        "AID",
        "PMC",
        "AB",
        "OAB",
        "OABL",
        "RN",
        "NM",
        "MH",
        "OT",
        "OTO",
        "GR",
        "SI",
        "PT",
        "RF",
        "PHST",
        "ISBN",
        "BTI",
        "CTI",
        "PB",
        "AU",
        "ED",
        "IR",
        "PS",
        "CN",
        "AD",
        "AUID",
        "IRAD",
    ]
)
IGNORED = {
    "SO": "the citation in one line: all of it stands in other tags",
    "DA": "date created: NLM dropped it, CRDT says the same",
    "PMCR": "date of release in PubMed Central, not of publication",
    "CTDT": "contribution date of a book, in no fixed form",
    "DRDT": "revision date of a book, in no fixed form",
}
KNOWN = READ_ELSEWHERE.union(SCALARS, LISTS, LINKS, PEOPLE, HISTORY, IGNORED)
