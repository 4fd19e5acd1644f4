"""A record as citation formats need it, read from a published set."""

# The query is made of names in this file, and of nothing from outside.
# ruff: noqa: S608

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.escaping import one_line
from pipeline.identifiers import doi_url, normal_pmc
from pipeline.outputs.rows import named_rows

ARTICLE, CHAPTER, BOOK, UNKNOWN = "article", "chapter", "book", "unknown"
RETRACTED = "Retracted Publication"
"""NLM's publication type; given to each retracted record, however the retraction is known."""
PREPRINT = "Preprint"

_WITHIN_DAY_OR_MONTH = ("day", "month")
_SAYS_RETRACTED = re.compile(r"\W*(?:retracted|retraction|withdrawn)\b", re.IGNORECASE)
# a stop that closes the sentence, and is not part of an ellipsis or of letters as in U.S.
_FINAL_STOP = re.compile(r"(?<!\.)(?<!\b\w\.\w)\.$")
_RANGE = re.compile(r"([A-Za-z]*)(\d+)-([A-Za-z]*)(\d+)")

_LISTS = {
    "people": ("core.authors", "t", "author_no", "t.is_valid IS DISTINCT FROM false"),
    "publication_types": ("core.publication_types", "t.publication_type", "position", "true"),
    "headings": ("core.mesh_headings", "t", "heading_no, t.qualifier_no", "true"),
    "keywords": ("core.keywords", "t.keyword", "position", "true"),
    "facet_labels": (
        "marts.article_facets", "t.facet_label || ': ' || t.value_label", "facet, t.value",
        "t.value <> 'not_stated'",
    ),
    "claim_labels": (
        "evidence.article_claims", "t.claim || ' (' || t.how || ', ' || t.finding || ')'", "claim",
        "true",
    ),
    "isbns": ("core.article_identifiers", "t.value", "position", "t.element = 'Isbn'"),
    "chemicals": ("core.chemicals", "t", "position", "true"),
    "grants": ("core.grants", "t", "position", "true"),
    "links": ("core.article_links", "t", "position", "true"),
    # the rest is for .nbib alone
    "affiliations": ("core.affiliations", "t", "author_no, t.affiliation_no", "true"),
    "identifiers": ("core.article_identifiers", "t", "position", "true"),
    "other_abstracts": ("core.abstract_sections", "t", "section_no", "t.abstract_type <> 'main'"),
    "keyword_rows": ("core.keywords", "t", "position", "true"),
    "concepts": ("core.supplementary_concepts", "t", "position", "true"),
    "accessions": ("core.databank_accessions", "t", "position", "true"),
    "history": ("core.history_dates", "t", "position", "true"),
}  # fmt: skip
"""Column to what it lists of each record: table, value (`t`: the whole row), order, condition."""
# Each is made before they are joined: as subqueries of each record they cost DuckDB a second to
# plan.
_MADE = "".join(
    f"""
    , of_{name} AS (
        SELECT t.pmid, list({value} ORDER BY t.{order}) AS held FROM {table} AS t
        WHERE t.pmid IN (FROM wanted) AND {condition} GROUP BY t.pmid
    )"""
    for name, (table, value, order, condition) in _LISTS.items()
)
_HELD = ", ".join(f"of_{name}.held AS {name}" for name in _LISTS)
_JOINED = "\n    ".join(f"LEFT JOIN of_{name} USING (pmid)" for name in _LISTS)
_QUERY = f"""
    WITH wanted AS (SELECT unnest(?) AS pmid){_MADE}
    SELECT
        m.pmid, m.doi, c.pmc_id, m.title, c.title AS printed_title, c.vernacular_title, m.year,
        m.year_source,
        c.issue_month, c.issue_day, c.issue_date_precision, c.issue_date_verbatim,
        c.electronic_month, c.electronic_day,
        CASE WHEN c.electronic_day IS NOT NULL THEN
            make_date(c.electronic_year, c.electronic_month, c.electronic_day)
        END AS electronic_date,
        coalesce(c.journal_title, c.medline_ta) AS journal,
        coalesce(c.iso_abbreviation, c.medline_ta) AS abbreviation,
        c.medline_ta, c.nlm_unique_id, c.journal_country, c.issn, c.issn_type, c.issn_linking,
        c.volume, c.issue, c.pages, n.locator, c.start_page, c.end_page, c.languages,
        c.citation_status, c.owner, c.publication_status, c.date_revised, c.date_completed,
        c.abstract_copyright,
        b.book_title, b.publisher_name, b.publisher_location, b.collection_title, b.edition,
        b.volume AS book_volume,
        m.study_type, m.study_type_label, m.evidence_group, m.assigned_by, m.confidence,
        m.is_retracted, m.is_preprint, m.first_seen_at, m.first_author_country, m.countries,
        m.registrations, m.facets, m.claims, t.abstract,
        -- what only .nbib carries
        c.electronic_year, c.publication_model, c.number_of_references, c.coi_statement,
        c.citation_subsets, c.gene_symbols, c.space_flight_missions, c.general_notes,
        b.volume_title, b.location_labels,
        {_HELD}
    FROM marts.articles AS m
    JOIN core.articles AS c USING (pmid)
    JOIN core.article_citations AS n USING (pmid)
    LEFT JOIN core.books AS b USING (pmid)
    LEFT JOIN core.abstracts AS t USING (pmid)
    {_JOINED}
    WHERE m.pmid IN (FROM wanted)
"""


@dataclass(frozen=True)
class Person:
    """An author or editor: a person, or in `collective` a group."""

    family: str = ""
    given: str = ""
    initials: str = ""
    suffix: str = ""
    collective: str = ""

    def inverted(self) -> str:
        """`Family, Given, Suffix` as RIS has it, or the name of the group."""
        parts = (self.family, self.given or self.initials, self.suffix)
        return self.collective or ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Citation:
    """A record of the set.

    Attributes:
        columns: those of `_QUERY`; formats pass most of them on as they are.
        kind: article, chapter, book, or unknown (only a DOI is held).
        pmid: None for a citation known only by its DOI.
        authors: in order, without names PubMed corrected.
        year, month, day: of the issue, else electronic; month and day only where a single one
            is stated, not for a season or range.
        terms: MeSH descriptors, then the authors' keywords, each once.
        set_id: the published set it was read from.
    """

    columns: dict[str, Any]
    kind: str
    pmid: int | None
    authors: tuple[Person, ...]
    editors: tuple[Person, ...]
    month: int | None
    day: int | None
    terms: tuple[str, ...]
    set_id: str

    def text(self, name: str) -> str:
        """A text column on one line; empty where PubMed has nothing."""
        return one_line(str(self.columns[name] or ""))

    @property
    def title(self) -> str:
        """The title as a list of references shows it: no final stop, and RETRACTED first.

        Styles set their own stop; few print a note or a keyword.
        """
        title = _FINAL_STOP.sub("", self.text("title") or self.text("book_title"))
        if title and self.columns["is_retracted"] and not _SAYS_RETRACTED.match(title):
            return f"RETRACTED: {title}"
        return title

    @property
    def is_preprint(self) -> bool:
        return self.kind == ARTICLE and bool(self.columns["is_preprint"])

    @property
    def key(self) -> str:
        """A name of its own for each record, the same in every export."""
        if self.pmid is not None:
            return f"pmid{self.pmid}"
        return "doi-" + re.sub(r"[^A-Za-z0-9]+", "-", self.text("doi")).strip("-").lower()

    @property
    def year(self) -> int | None:
        found: int | None = self.columns["year"]
        return found

    @property
    def date_parts(self) -> list[int]:
        """Year, month and day, as far as they are known; empty without a year."""
        parts = (self.year, self.month, self.day)
        return [part for part in parts[: (*parts, None).index(None)] if part is not None]

    @property
    def iso_date(self) -> str:
        """The date as far as it is known: 2024, 2024-07 or 2024-07-01; empty without a year."""
        return "-".join(f"{part:02}" for part in self.date_parts)

    @property
    def doi_url(self) -> str:
        return doi_url(self.columns["doi"]) or ""

    @property
    def url(self) -> str:
        """The record in PubMed, else the address of its DOI."""
        return f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/" if self.pmid else self.doi_url

    @property
    def container(self) -> str:
        """The journal, or the book of a chapter."""
        return self.text("book_title") if self.kind == CHAPTER else self.text("journal")

    @property
    def pmc_id(self) -> str:
        return normal_pmc(self.columns["pmc_id"]) or ""

    @property
    def languages(self) -> str:
        return ", ".join(filter(None, map(one_line, self.columns["languages"])))

    @property
    def isbn(self) -> str:
        """The first one of a book."""
        return next(filter(None, map(one_line, self.columns["isbns"] or [])), "")

    @property
    def page_range(self) -> tuple[str, str]:
        """First and last page; `368-9` is 368 to 369. Anything less plain is a first page.

        So is an article number, where the record has no pages.
        """
        if self.columns["start_page"]:
            return self.text("start_page"), self.text("end_page")
        found = _RANGE.fullmatch(self.text("pages"))
        if not found or (found[3] and found[3] != found[1]):
            return self.text("locator"), ""
        lead, first, _, last = found.groups()
        return f"{lead}{first}", f"{lead}{first[: max(len(first) - len(last), 0)]}{last}"

    @property
    def marks(self) -> tuple[str, ...]:
        """What ketum and NLM say of the record as a whole, fit for keywords.

        Two at least: Zotero cuts a single keyword at its commas.
        """
        marks = [
            f"Study type: {self.columns['study_type_label']}",
            f"Evidence group: {self.columns['evidence_group']}",
        ]
        if self.columns["is_retracted"]:
            marks.append(RETRACTED)
        if self.columns["is_preprint"]:
            marks.append(PREPRINT)
        return tuple(marks)

    @property
    def findings(self) -> tuple[str, ...]:
        """What ketum read in the record: country, registrations, facets and claims, for keywords.

        Not for notes: programs bury these, and ASReview takes them for its own labels.
        """
        columns = self.columns
        country = columns["first_author_country"]
        return (
            *([f"First author's country: {country}"] if country else []),
            *(f"Registration: {number}" for number in columns["registrations"]),
            *(columns["facet_labels"] or []),
            *(f"Claim: {claim}" for claim in columns["claim_labels"] or []),
        )

    @property
    def keywords(self) -> tuple[str, ...]:
        """Marks, findings and terms; a semicolon, which separates them for readers, is a comma."""
        return tuple(text.replace(";", ",") for text in (*self.marks, *self.findings, *self.terms))


def read(con: duckdb.DuckDBPyConnection, pmids: list[int]) -> list[Citation]:
    """The records of a published set, in the order asked for.

    Args:
        con: a published set.
        pmids: keys of marts.articles; negative ones are citations known by DOI.
    """
    (set_id,) = con.execute("SELECT any_value(set_id) FROM marts.search_totals").fetchone() or ("",)
    found = {row["pmid"]: row for row in named_rows(con, _QUERY, pmids)}
    return [_citation(found[pmid], set_id) for pmid in pmids]


def _citation(columns: dict[str, Any], set_id: str) -> Citation:
    people = [p for p in columns["people"] or [] if _person(p).inverted()]
    if columns["year_source"] == "electronic":
        month, day = columns["electronic_month"], columns["electronic_day"]
    elif columns["issue_date_precision"] in _WITHIN_DAY_OR_MONTH:
        month, day = columns["issue_month"], columns["issue_day"]
    else:
        month = day = None
    if columns["year"] is None:
        month = day = None
    descriptors = [heading["descriptor"] for heading in columns["headings"] or []]
    terms: dict[str, str] = {}
    for text in (*descriptors, *(columns["keywords"] or [])):
        if term := one_line(text):
            terms.setdefault(term.casefold(), term)
    return Citation(
        columns=columns,
        kind=_kind(columns),
        pmid=columns["pmid"] if columns["pmid"] > 0 else None,
        authors=tuple(_person(p) for p in people if p["list_kind"] in ("author", "book_author")),
        editors=tuple(_person(p) for p in people if p["list_kind"] in ("editor", "book_editor")),
        month=month,
        day=day,
        terms=tuple(terms.values()),
        set_id=set_id,
    )


def _kind(columns: dict[str, Any]) -> str:
    if columns["book_title"]:
        return BOOK if columns["title"] in (None, columns["book_title"]) else CHAPTER
    return ARTICLE if columns["journal"] or columns["pmid"] > 0 else UNKNOWN


def _person(row: dict[str, Any]) -> Person:
    return Person(
        family=one_line(row["last_name"] or ""),
        given=one_line(row["fore_name"] or ""),
        initials=one_line(row["initials"] or ""),
        suffix=one_line(row["suffix"] or ""),
        collective=one_line(row["collective_name"] or ""),
    )
