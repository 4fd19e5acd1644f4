"""A record as citation formats need it, read from a published set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import duckdb

from pipeline.escaping import one_line
from pipeline.identifiers import doi_url, normal_pmc

ARTICLE, CHAPTER, BOOK, UNKNOWN = "article", "chapter", "book", "unknown"
RETRACTED = "Retracted Publication"
"""NLM's publication type; said of each retracted record, whatever made us know."""
PREPRINT = "Preprint"

_WITHIN_DAY_OR_MONTH = ("day", "month")
_RANGE = re.compile(r"([A-Za-z]*)(\d+)-([A-Za-z]*)(\d+)")

# One list a table, made before they are joined: as subqueries of each record they cost DuckDB a
# second to plan.
_QUERY = """
    WITH wanted AS (SELECT unnest($pmids) AS pmid),
    of_people AS (
        SELECT a.pmid, list(a ORDER BY a.author_no) AS held
        FROM core.authors AS a
        WHERE a.pmid IN (FROM wanted) AND a.is_valid IS DISTINCT FROM false GROUP BY a.pmid
    ),
    of_publication_types AS (
        SELECT p.pmid, list(p.publication_type ORDER BY p.position) AS held
        FROM core.publication_types AS p WHERE p.pmid IN (FROM wanted) GROUP BY p.pmid
    ),
    of_headings AS (
        SELECT h.pmid, list(h ORDER BY h.heading_no, h.qualifier_no) AS held
        FROM core.mesh_headings AS h WHERE h.pmid IN (FROM wanted) GROUP BY h.pmid
    ),
    of_keywords AS (
        SELECT k.pmid, list(k.keyword ORDER BY k.position) AS held
        FROM core.keywords AS k WHERE k.pmid IN (FROM wanted) GROUP BY k.pmid
    ),
    of_isbns AS (
        SELECT i.pmid, list(i.value ORDER BY i.position) AS held
        FROM core.article_identifiers AS i
        WHERE i.pmid IN (FROM wanted) AND i.element = 'Isbn' GROUP BY i.pmid
    ),
    of_chemicals AS (
        SELECT s.pmid, list(s ORDER BY s.position) AS held
        FROM core.chemicals AS s WHERE s.pmid IN (FROM wanted) GROUP BY s.pmid
    ),
    of_grants AS (
        SELECT g.pmid, list(g ORDER BY g.position) AS held
        FROM core.grants AS g WHERE g.pmid IN (FROM wanted) GROUP BY g.pmid
    ),
    of_links AS (
        SELECT l.pmid, list(l ORDER BY l.position) AS held
        FROM core.article_links AS l WHERE l.pmid IN (FROM wanted) GROUP BY l.pmid
    ),
    of_affiliations AS (
        SELECT f.pmid, list(f ORDER BY f.author_no, f.affiliation_no) AS held
        FROM core.affiliations AS f WHERE f.pmid IN (FROM wanted) GROUP BY f.pmid
    ),
    of_identifiers AS (
        SELECT i.pmid, list(i ORDER BY i.position) AS held
        FROM core.article_identifiers AS i WHERE i.pmid IN (FROM wanted) GROUP BY i.pmid
    ),
    of_other_abstracts AS (
        SELECT o.pmid, list(o ORDER BY o.section_no) AS held
        FROM core.abstract_sections AS o
        WHERE o.pmid IN (FROM wanted) AND o.abstract_type <> 'main' GROUP BY o.pmid
    ),
    of_keyword_rows AS (
        SELECT k.pmid, list(k ORDER BY k.position) AS held
        FROM core.keywords AS k WHERE k.pmid IN (FROM wanted) GROUP BY k.pmid
    ),
    of_concepts AS (
        SELECT n.pmid, list(n ORDER BY n.position) AS held
        FROM core.supplementary_concepts AS n WHERE n.pmid IN (FROM wanted) GROUP BY n.pmid
    ),
    of_accessions AS (
        SELECT d.pmid, list(d ORDER BY d.position) AS held
        FROM core.databank_accessions AS d WHERE d.pmid IN (FROM wanted) GROUP BY d.pmid
    ),
    of_history AS (
        SELECT y.pmid, list(y ORDER BY y.position) AS held
        FROM core.history_dates AS y WHERE y.pmid IN (FROM wanted) GROUP BY y.pmid
    )
    SELECT
        m.pmid, m.doi, c.pmc_id, m.title, c.title AS printed_title, c.vernacular_title, m.year,
        m.year_source,
        c.issue_month, c.issue_day, c.issue_date_precision, c.issue_date_verbatim,
        c.electronic_month, c.electronic_day, c.electronic_date_verbatim,
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
        m.is_retracted, m.is_preprint, m.first_seen_at, t.abstract,
        of_people.held AS people,
        of_publication_types.held AS publication_types,
        of_headings.held AS headings,
        of_keywords.held AS keywords,
        of_isbns.held AS isbns,
        of_chemicals.held AS chemicals,
        of_grants.held AS grants,
        of_links.held AS links,
        -- what only .nbib carries
        c.electronic_year, c.publication_model, c.number_of_references, c.coi_statement,
        c.citation_subsets, c.gene_symbols, c.space_flight_missions, c.general_notes,
        b.volume_title, b.location_labels,
        of_affiliations.held AS affiliations,
        of_identifiers.held AS identifiers,
        of_other_abstracts.held AS other_abstracts,
        of_keyword_rows.held AS keyword_rows,
        of_concepts.held AS concepts,
        of_accessions.held AS accessions,
        of_history.held AS history
    FROM marts.articles AS m
    JOIN core.articles AS c USING (pmid)
    JOIN core.article_citations AS n USING (pmid)
    LEFT JOIN core.books AS b USING (pmid)
    LEFT JOIN core.abstracts AS t USING (pmid)
    LEFT JOIN of_people USING (pmid)
    LEFT JOIN of_publication_types USING (pmid)
    LEFT JOIN of_headings USING (pmid)
    LEFT JOIN of_keywords USING (pmid)
    LEFT JOIN of_isbns USING (pmid)
    LEFT JOIN of_chemicals USING (pmid)
    LEFT JOIN of_grants USING (pmid)
    LEFT JOIN of_links USING (pmid)
    LEFT JOIN of_affiliations USING (pmid)
    LEFT JOIN of_identifiers USING (pmid)
    LEFT JOIN of_other_abstracts USING (pmid)
    LEFT JOIN of_keyword_rows USING (pmid)
    LEFT JOIN of_concepts USING (pmid)
    LEFT JOIN of_accessions USING (pmid)
    LEFT JOIN of_history USING (pmid)
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
    orcid: str = ""

    def inverted(self) -> str:
        """`Family, Given, Suffix` as RIS has it, or the name of the group."""
        parts = (self.family, self.given or self.initials, self.suffix)
        return self.collective or ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class Citation:
    """A record of the set.

    Attributes:
        said: the columns of `_QUERY` that formats pass on as they are.
        kind: article, chapter, book, or unknown (a citation of which only a DOI is held).
        pmid: None for a citation known only by its DOI.
        authors: in order, without names PubMed corrected.
        year, month, day: of the issue, else electronic; month and day only where a single one
            is stated, not for a season or range.
        terms: MeSH descriptors, then the authors' keywords, each once.
        set_id: the published set it was read from.
    """

    said: dict[str, Any]
    kind: str
    pmid: int | None
    authors: tuple[Person, ...]
    editors: tuple[Person, ...]
    month: int | None
    day: int | None
    terms: tuple[str, ...]
    set_id: str

    def text(self, name: str) -> str:
        """A text column on one line; empty when PubMed said nothing."""
        return one_line(str(self.said[name] or ""))

    @property
    def key(self) -> str:
        """A name of its own for each record, the same in every export."""
        if self.pmid is not None:
            return f"pmid{self.pmid}"
        return "doi-" + re.sub(r"[^A-Za-z0-9]+", "-", self.text("doi")).strip("-").lower()

    @property
    def year(self) -> int | None:
        found: int | None = self.said["year"]
        return found

    @property
    def doi_url(self) -> str:
        return doi_url(self.said["doi"]) or ""

    @property
    def url(self) -> str:
        """The record in PubMed, else the address of its DOI."""
        found = f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/" if self.pmid else self.doi_url
        return found

    @property
    def container(self) -> str:
        """The journal, or the book of a chapter."""
        return self.text("book_title") if self.kind == CHAPTER else self.text("journal")

    @property
    def pmc_id(self) -> str:
        return normal_pmc(self.said["pmc_id"]) or ""

    @property
    def languages(self) -> str:
        return ", ".join(filter(None, map(one_line, self.said["languages"])))

    @property
    def isbn(self) -> str:
        """The first one of a book."""
        return next(filter(None, map(one_line, self.said["isbns"] or [])), "")

    @property
    def page_range(self) -> tuple[str, str]:
        """First and last page; `368-9` is 368 to 369. Anything less plain is a first page.

        So is an article number, where the record has no pages.
        """
        if self.said["start_page"]:
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
            f"Study type: {self.said['study_type_label']}",
            f"Evidence group: {self.said['evidence_group']}",
        ]
        if self.said["is_retracted"]:
            marks.append(RETRACTED)
        if self.said["is_preprint"]:
            marks.append(PREPRINT)
        return tuple(marks)

    @property
    def keywords(self) -> tuple[str, ...]:
        """Marks and terms; a semicolon, which separates keywords in most readers, is a comma."""
        return tuple(text.replace(";", ",") for text in (*self.marks, *self.terms))


def read(con: duckdb.DuckDBPyConnection, pmids: list[int]) -> list[Citation]:
    """The records of a published set, in the order asked for.

    Args:
        con: a published set.
        pmids: keys of marts.articles; negative ones are citations known by DOI.
    """
    (set_id,) = con.execute("SELECT any_value(set_id) FROM marts.search_totals").fetchone() or ("",)
    cursor = con.execute(_QUERY, {"pmids": pmids})
    names = [column[0] for column in cursor.description or []]
    found = {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}
    return [_citation(found[pmid], set_id) for pmid in pmids]


def _citation(said: dict[str, Any], set_id: str) -> Citation:
    people = [p for p in said["people"] or [] if _person(p).inverted()]
    if said["year_source"] == "electronic":
        month, day = said["electronic_month"], said["electronic_day"]
    elif said["issue_date_precision"] in _WITHIN_DAY_OR_MONTH:
        month, day = said["issue_month"], said["issue_day"]
    else:
        month = day = None
    if said["year"] is None:
        month = day = None
    descriptors = [heading["descriptor"] for heading in said["headings"] or []]
    terms: dict[str, str] = {}
    for text in (*descriptors, *(said["keywords"] or [])):
        if term := one_line(text):
            terms.setdefault(term.casefold(), term)
    return Citation(
        said=said,
        kind=_kind(said),
        pmid=said["pmid"] if said["pmid"] > 0 else None,
        authors=tuple(_person(p) for p in people if p["list_kind"] in ("author", "book_author")),
        editors=tuple(_person(p) for p in people if p["list_kind"] in ("editor", "book_editor")),
        month=month,
        day=day,
        terms=tuple(terms.values()),
        set_id=set_id,
    )


def _kind(said: dict[str, Any]) -> str:
    if said["book_title"]:
        return BOOK if said["title"] in (None, said["book_title"]) else CHAPTER
    return ARTICLE if said["journal"] or said["pmid"] > 0 else UNKNOWN


def _person(said: dict[str, Any]) -> Person:
    return Person(
        family=one_line(said["last_name"] or ""),
        given=one_line(said["fore_name"] or ""),
        initials=one_line(said["initials"] or ""),
        suffix=one_line(said["suffix"] or ""),
        collective=one_line(said["collective_name"] or ""),
        orcid=said["orcid"] or "",
    )


def iso_date(citation: Citation) -> str:
    """The date as far as it is known: 2024, 2024-07 or 2024-07-01; empty without a year."""
    if citation.year is None:
        return ""
    parts = [f"{citation.year:04}"]
    for part in (citation.month, citation.day):
        if part is None:
            break
        parts.append(f"{part:02}")
    return "-".join(parts)
