"""A record as it is judged, and what it is judged to be: frozen values.

A record holds what rules look at and nothing else. `read_records` reads it from core (or from what
shows the tables of core); a test or `ketum explain --text` makes it by hand.
"""

# SQL here is made of constants, checked schema names and numbers.
# ruff: noqa: S608

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import duckdb

from pipeline.rules.decide import Found
from pipeline.rules.finding import Tag
from pipeline.rules.model import Rule
from pipeline.rules.text import Language, Section, Unit, abstract_units, plain_unit

CASES = ("CASE", "SERIES")
"""Study types that report patients one by one."""
_BATCH = 1000
"""Records held at a time, with their judgements."""

READ = {
    "articles": ("title, vernacular_title, record_kind, record_source, coi_statement", "pmid"),
    "abstract_sections": (
        "section_no, label, nlm_category, abstract_type = 'main', text",
        "section_no",
    ),
    "keywords": ("keyword", "position"),
    "publication_types": ("publication_type, ui", "position"),
    "mesh_headings": (
        "heading_no, descriptor, descriptor_ui, "
        "is_major_descriptor OR coalesce(is_major_qualifier, false), qualifier, qualifier_ui",
        "heading_no, qualifier_no",
    ),
    "chemicals": ("substance_name, ui", "position"),
    "supplementary_concepts": ("name, ui", "position"),
    "article_links": ("ref_type", "position"),
    "databank_accessions": ("databank, accession_number", "position"),
    "affiliations": ("affiliation", "author_no, affiliation_no"),
    "grants": ("agency", "position"),
}
"""What a record is made of: columns of tables of core, and those that order their rows."""


class Term(NamedTuple):
    """A term NLM gave a record: a publication type, a substance, a supplementary concept."""

    name: str
    ui: str | None = None


class Heading(NamedTuple):
    """A MeSH heading.

    Attributes:
        name: the descriptor.
        ui: its identifier; None for sources without one.
        is_major: the descriptor or any of its qualifiers is a major topic.
        qualifiers: its qualifiers.
    """

    name: str
    ui: str | None = None
    is_major: bool = False
    qualifiers: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One record, with all that judgements depend on.

    Attributes:
        pmid: its PMID (of a file being read: the number of the record).
        kind: article, book or citation.
        source: pubmed_xml, nbib or sparse.
        sections: sections of the abstract and of other abstracts, in their order.
        keywords: keywords, in their order.
        links: RefTypes of the notices, comments and updates it is linked with.
        accessions: databank and number (which may be missing) of each accession.
        affiliations: addresses of its people.
        funders: agencies of its grants, in their order.
        conflicts: its statement of conflicts of interest.
    """

    pmid: int
    title: str | None = None
    vernacular_title: str | None = None
    kind: str = "article"
    source: str = "pubmed_xml"
    sections: tuple[Section, ...] = ()
    keywords: tuple[str, ...] = ()
    publication_types: tuple[Term, ...] = ()
    headings: tuple[Heading, ...] = ()
    substances: tuple[Term, ...] = ()
    supplementary: tuple[Term, ...] = ()
    links: tuple[str, ...] = ()
    accessions: tuple[tuple[str, str | None], ...] = ()
    affiliations: tuple[str, ...] = ()
    funders: tuple[str, ...] = ()
    conflicts: str | None = None

    def units(self, language: Language) -> list[Unit]:
        """Its texts, cut into units with their zones."""
        units = [*abstract_units(self.sections, language)]
        if self.title is not None:
            units.append(plain_unit("title", None, "title", self.title))
        if self.vernacular_title is not None:
            units.append(plain_unit("vernacular_title", None, "vernacular", self.vernacular_title))
        units += [
            plain_unit("keywords", position, "keywords", keyword)
            for position, keyword in enumerate(self.keywords, 1)
        ]
        return units

    def statements(self) -> list[Unit]:
        """What it states of funders, conflicts and addresses, as units."""
        units = [plain_unit("grants", None, "funders", name) for name in self.funders]
        units += [plain_unit("affiliations", None, "addresses", one) for one in self.affiliations]
        if self.conflicts is not None:
            units.append(plain_unit("coi_statement", None, "conflicts", self.conflicts))
        return units

    def tags(self) -> list[Tag]:
        """What it carries beside its texts, each once."""
        tags = [Tag("record_kind", "record_kind", self.kind, None, "record_kind")]
        for name, ui in self.publication_types:
            tags.append(Tag("publication_type", "publication_types", name, ui, "nlm_pt"))
        for name, ui, is_major, qualifiers in self.headings:
            source = "nlm_mesh_major" if is_major else "nlm_mesh"
            tags.append(Tag("mesh", "mesh_headings", name, ui, source))
            for qualifier, qualifier_ui in qualifiers:
                tags.append(Tag("mesh_qualifier", "mesh_headings", qualifier, qualifier_ui, source))
        for name, ui in self.substances:
            tags.append(Tag("substance", "chemicals", name, ui, "nlm_substance"))
        for name, ui in self.supplementary:
            source = "nlm_supplementary"
            tags.append(Tag("supplementary", "supplementary_concepts", name, ui, source))
        tags += [Tag("link", "article_links", link, None, "link") for link in self.links]
        return list(dict.fromkeys(tags))


RecordRows = Mapping[str, Mapping[int, Sequence[Any]]]
"""What some records are made of: by table (`READ`) and PMID, rows without their PMID."""


def read_records(
    con: duckdb.DuckDBPyConnection, schema: str, pmids: Sequence[int] | None = None
) -> Iterator[list[Record]]:
    """Read records in batches; see `read_rows`."""
    for rows in read_rows(con, schema, pmids):
        yield records_of(rows)


def read_rows(
    con: duckdb.DuckDBPyConnection, schema: str, pmids: Sequence[int] | None = None
) -> Iterator[RecordRows]:
    """Read what records are made of in batches, in the order of their PMIDs.

    Args:
        con: connection.
        schema: schema (or schema of views) that shows the tables of core.
        pmids: the records wanted; all by default. Those that are not there are passed over.

    Raises:
        ValueError: the schema is not a plain (dotted) name.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)?", schema):
        raise ValueError(f"not a schema name: {schema!r}")
    if pmids is None:
        rows = con.execute(f"SELECT pmid FROM {schema}.articles ORDER BY pmid").fetchall()
        wanted = [pmid for (pmid,) in rows]
    else:
        wanted = sorted(pmids)
    for first in range(0, len(wanted), _BATCH):
        yield _read(con, schema, wanted[first : first + _BATCH], is_range=pmids is None)


def _read(
    con: duckdb.DuckDBPyConnection, schema: str, pmids: list[int], *, is_range: bool
) -> RecordRows:
    """The rows of a batch: one ordered query a table."""
    where = "pmid BETWEEN ? AND ?" if is_range else "pmid IN (SELECT unnest(?::INTEGER[]))"
    parameters: list[Any] = [pmids[0], pmids[-1]] if is_range else [pmids]

    def rows(table: str) -> dict[int, list[Any]]:
        columns, order = READ[table]
        found = con.execute(
            f"SELECT pmid, {columns} FROM {schema}.{table} WHERE {where} ORDER BY pmid, {order}",
            parameters,
        ).fetchall()
        return {pmid: [row[1:] for row in held] for pmid, held in groupby(found, itemgetter(0))}

    return {table: rows(table) for table in READ}


def records_of(rows: RecordRows) -> list[Record]:
    """The records that are made of some rows, in the order of the articles."""

    def of(table: str, pmid: int) -> Sequence[Any]:
        return rows[table].get(pmid, ())

    return [
        Record(
            pmid=pmid,
            title=title,
            vernacular_title=vernacular,
            kind=kind,
            source=source,
            sections=tuple(Section(*row) for row in of("abstract_sections", pmid)),
            keywords=tuple(keyword for (keyword,) in of("keywords", pmid)),
            publication_types=tuple(Term(*row) for row in of("publication_types", pmid)),
            headings=_headings(of("mesh_headings", pmid)),
            substances=tuple(Term(*row) for row in of("chemicals", pmid)),
            supplementary=tuple(Term(*row) for row in of("supplementary_concepts", pmid)),
            links=tuple(link for (link,) in of("article_links", pmid)),
            accessions=tuple(of("databank_accessions", pmid)),
            affiliations=tuple(text for (text,) in of("affiliations", pmid) if text is not None),
            funders=tuple(dict.fromkeys(name for (name,) in of("grants", pmid) if name)),
            conflicts=conflicts,
        )
        for pmid, ((title, vernacular, kind, source, conflicts),) in rows["articles"].items()
    ]


def _headings(rows: Sequence[tuple[Any, ...]]) -> tuple[Heading, ...]:
    """Headings from rows of one descriptor and qualifier each."""
    found: list[Heading] = []
    for _, (*held,) in groupby(rows, itemgetter(0)):
        _, name, ui, *_ = held[0]
        qualifiers = tuple(Term(row[4], row[5]) for row in held if row[4] is not None)
        found.append(Heading(name, ui, any(row[3] for row in held), qualifiers))
    return tuple(found)


# -- What a record is judged to be: frozen values, each with the proofs it rests on


class Proof(NamedTuple):
    """The words, heading or tag behind a judgement.

    Attributes:
        kind: topic, study_type, flag, facet, tie, registration, claim or finding.
        code: what is proved: the topic, study type, flag or claim; facet.value; of a tie its row
            and number before it; a number; of a finding the claim, or harm.value, before it.
        rule_id: the rule that fired.
        source: text, nlm_pt, nlm_mesh, nlm_mesh_major, ..., or override.
        field: where it stands.
        section_no: abstract section or keyword; None for fields with one value.
        text: the exact words of the stored text, or the heading, tag or reason.
        start: first character of the words, in code points; None for tags.
        end: one past the last.
    """

    kind: str
    code: str
    rule_id: str
    source: str
    field: str
    section_no: int | None
    text: str
    start: int | None
    end: int | None

    @classmethod
    def of(cls, kind: str, code: str, rule: Rule, found: Found) -> Proof:
        """What a rule found, as a proof."""
        where = found.source, found.field, found.section_no
        return cls(kind, code, rule.rule_id, *where, found.text, found.start, found.end)


class TopicHit(NamedTuple):
    """A topic a record is about: `focus`, `outcome` or `mention`."""

    topic: str
    level: str


class Label(NamedTuple):
    """A study type of a record; see evidence.article_study_types for its fields."""

    study_type: str
    is_primary: bool
    assigned_by: str
    confidence: str
    evidence: str
    has_conflict: bool
    precedence: str | None
    reason: str | None


class AspectValue(NamedTuple):
    """What is said about a label beside its code."""

    study_type: str
    aspect: str
    value: str


class FacetValue(NamedTuple):
    """A value of a facet; see evidence.article_facets."""

    facet: str
    value: str
    level: str
    assigned_by: str
    finding: str | None = None


class Tie(NamedTuple):
    """A value of a row of values that belong together; see evidence.article_ties."""

    row: str
    tie_no: int
    facet: str
    value: str


class RegistrationFound(NamedTuple):
    """A registration a record names; see evidence.registrations."""

    registry: str
    number: str
    source: str
    number_verbatim: str
    is_trial_registry: bool


class ClaimHit(NamedTuple):
    """A claim a record addresses, how, and what its authors state (see `findings`)."""

    claim: str
    how: str
    finding: str = "unclear"
    finding_by: str = "rule"


class Suggestion(NamedTuple):
    """What the second reader suggests beside the primary type."""

    suggestion: str
    study_types: tuple[str, ...]
    probability: float
    agrees: bool


class Decided(NamedTuple):
    """A person's decision beside what the rules say; automatic is None for a record not held."""

    pmid: int
    field: str
    value: str
    expect: str
    who: str
    when: date
    why: str
    automatic: str | None

    @property
    def is_expectation_met(self) -> bool | None:
        """The rules still say what was expected; None when the record is not held."""
        return None if self.automatic is None else self.automatic == self.expect


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything decided about one record, people's decisions included.

    Attributes:
        flags: names of the flags that are up.
        decisions: people's decisions about it, in force.
        proofs: what all of it rests on; a proof of several signals stands here once.
    """

    pmid: int
    topics: tuple[TopicHit, ...] = ()
    labels: tuple[Label, ...] = ()
    aspects: tuple[AspectValue, ...] = ()
    flags: frozenset[str] = frozenset()
    facets: tuple[FacetValue, ...] = ()
    ties: tuple[Tie, ...] = ()
    registrations: tuple[RegistrationFound, ...] = ()
    claims: tuple[ClaimHit, ...] = ()
    suggestion: Suggestion | None = None
    decisions: tuple[Decided, ...] = ()
    proofs: tuple[Proof, ...] = ()

    @property
    def primary(self) -> Label:
        """The one label the tables count the record under."""
        return next(label for label in self.labels if label.is_primary)
