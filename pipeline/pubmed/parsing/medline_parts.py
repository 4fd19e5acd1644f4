"""The parts of an exported record, each from its tags to the rows of one or two tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from pipeline.pubmed.parsing.dates import moment
from pipeline.pubmed.parsing.medline_lines import HISTORY, LINKS, Field
from pipeline.pubmed.parsing.tables import LARGEST_INTEGER, Tables

Said = dict[str, Any]
"""What Bio.Medline makes of a record: a text or a list of texts by tag."""

_TYPED = re.compile(r"(.*\S)\s*\[([A-Za-z][\w-]*)\]$", re.S)
_KIND = re.compile(r"\[(doi|pii|pmc|mid|bookaccession)\](?=\s|$)")
_LINKED = re.compile(r"\bPMID: ?(\d{1,10})\b\.?")
_STAMP = re.compile(r"(\d{4})/(\d\d)/(\d\d)(?: (\d\d):(\d\d))?")
_OTHER_ID = re.compile(r"([\w-]+): (.+)", re.S)
_OTHER_ABSTRACT = re.compile(
    r"(AAMC|AIDS|KIE|PIP|NASA|Publisher|plain-language-summary): (.+)", re.S
)  # the Types of OtherAbstract in NLM's DTD
_INSTITUTE = re.compile(r"[A-Z]{2}")
_ONLY_ACRONYM = re.compile(r"[A-Z]{2,5}|[A-Za-z]{2,5}_")
_ACRONYM = re.compile(r"[A-Za-z]{2,6}_?")
_NIH_AGENCY = re.compile(r"[A-Z]{2,}|.*\b(?:NIH|HHS|PHS)")


class Adder:
    """Adds rows with their running number."""

    def __init__(self, record_no: int, tables: Tables) -> None:
        self.record_no = record_no
        self.tables = tables

    def __call__(self, table: str, *values: object) -> None:
        rows = self.tables[table]
        rows.append((self.record_no, len(rows) + 1, *values))


def text_of(said: Said, tag: str) -> str | None:
    """A tag as one text; None if it says nothing."""
    value = said.get(tag)
    return (" ".join(value) if isinstance(value, list) else value) or None


def entries(said: Said, tag: str) -> list[str]:
    """The entries of a tag that say something."""
    value = said.get(tag) or []
    return [text for text in (value if isinstance(value, list) else [value]) if text]


def each(fields: list[Field], *tags: str) -> Iterator[str]:
    """The entries of tags of which Bio.Medline makes one text, in order."""
    return (value for tag, value in fields if tag in tags and value)


def identifiers(fields: list[Field], article: dict[str, Any], add: Adder) -> None:
    """LID, AID, PMC, MID, OID and ISBN; the article's own DOI and PMC number."""
    located = [pair for text in each(fields, "LID") for pair in _typed(text)]
    own = [pair for text in each(fields, "AID") for pair in _typed(text)]
    for value, kind in located:
        add("article_identifiers", "ELocationID", kind, value, True)
    for value, kind in own:
        add("article_identifiers", "ArticleId", kind, value, None)
    for pmc in each(fields, "PMC"):
        article.setdefault("pmc_id", pmc)
        if (pmc, "pmc") not in own:
            add("article_identifiers", "ArticleId", "pmc", pmc, None)
    for value in each(fields, "MID"):
        add("article_identifiers", "ArticleId", "mid", value, None)
    for value in each(fields, "OID"):
        source = _OTHER_ID.match(value)
        kind, value = source.groups() if source else (None, value)
        add("article_identifiers", "OtherID", kind, value, None)
    for value in each(fields, "ISBN"):
        number, _, kind = value.partition(" (")
        add("article_identifiers", "Isbn", kind.removesuffix(")") or None, number, None)
    article["doi"] = next((value for value, kind in (*own, *located) if kind == "doi"), None)


def _typed(text: str) -> list[tuple[str, str | None]]:
    """`10.1000/x [doi]` as value and type; each of several in a line."""
    *several, rest = _KIND.split(text)
    if several:
        pairs = zip(several[::2], several[1::2], strict=True)
        found = [*((value.strip(), kind) for value, kind in pairs), (rest.strip(), None)]
        return [pair for pair in found if pair[0]]
    one = _TYPED.match(text)
    return [(one[1], one[2])] if one else [(text, None)]


def indexing(said: Said, fields: list[Field], add: Adder) -> None:
    """Types, headings, substances, supplementary concepts, keywords and databanks."""
    for name in entries(said, "PT"):
        add("publication_types", None, name)
    for heading_no, heading in enumerate(entries(said, "MH"), 1):
        descriptor, *qualifiers = heading.split("/")
        fixed = (None, descriptor.removeprefix("*"), descriptor.startswith("*"), None, None)
        rows = add.tables["mesh_headings"]
        for number, qualifier in enumerate(qualifiers, 1):
            tail = (None, qualifier.removeprefix("*"), qualifier.startswith("*"))
            rows.append((add.record_no, heading_no, number, *fixed, *tail))
        if not qualifiers:
            rows.append((add.record_no, heading_no, 0, *fixed, None, None, None))
    substances = set()
    for substance in entries(said, "RN"):
        registry_number, bracket, name = substance.removesuffix(")").partition(" (")
        if not bracket or not substance.endswith(")"):
            registry_number, name = "", substance
        substances.add(name)
        add("chemicals", None, name, registry_number or None)
    for name in entries(said, "NM"):  # in old exports also the substances of RN
        if name not in substances:
            add("supplementary_concepts", None, name, None)
    owner = next(each(fields, "OTO"), None)
    for tag, text in fields:
        if tag == "OTO":
            owner = text or None
        elif tag == "OT" and text:
            add("keywords", owner, text.removeprefix("*"), text.startswith("*"))
    for text in entries(said, "SI"):
        databank, _, accession = text.partition("/")
        add("databank_accessions", databank, accession or None)


def abstracts(fields: list[Field], add: Adder) -> None:
    """AB, and each OAB with its type and the language (OABL) beside it."""
    if text := " ".join(each(fields, "AB")):
        add("abstract_sections", "main", None, None, None, text)
    others: list[list[str | None]] = []
    before = None  # a language that stands before its abstract
    for tag, text in fields:
        if tag == "OAB" and text:
            found = _OTHER_ABSTRACT.match(text)
            kind, words = found.groups() if found else ("other", text)
            others.append([kind, before, words])
            before = None
        elif tag == "OABL" and text:
            if others and others[-1][1] is None:
                others[-1][1] = text
            else:
                before = text
    for kind, language, words in others:
        add("abstract_sections", kind, language, None, None, words)


def grants(said: Said, add: Adder) -> None:
    """`R01 DA1/DA/NIDA NIH HHS/United States`: number, acronym, agency, country.

    Any of the four may be missing. Numbers have slashes of their own, and before 2008 lines of
    the NIH had no country; without a country they end with a slash today. An empty acronym (`//`)
    says that there is none: what stands before it is the number.
    """
    for text in entries(said, "GR"):
        number, is_told, rest = text.partition("//")
        if is_told and not number.endswith(":"):
            agency, _, country = rest.rpartition("/")
            add("grants", number or None, None, agency or None, country or None)
            continue
        *front, country = text.split("/")
        if not front:
            is_number = any(map(str.isdigit, text))
            add("grants", *((text, None, None) if is_number else (None, None, text)), None)
            continue
        if len(front) == 2 and _INSTITUTE.fullmatch(front[1]) and _NIH_AGENCY.fullmatch(country):
            front, country = [*front, country], ""
        agency = front.pop()
        shape = _ACRONYM if len(front) > 1 else _ONLY_ACRONYM
        acronym = front.pop() if front and shape.fullmatch(front[-1]) else None
        add("grants", "/".join(front) or None, acronym, agency or None, country or None)


def links(said: Said, add: Adder) -> None:
    """`J Y. 2021;1:2. PMID: 777`: PubMed puts a full stop where RefSource has none but a DOI's."""
    for tag, ref_type in LINKS.items():
        for text in entries(said, tag):
            found = next(reversed(list(_LINKED.finditer(text))), None)
            is_last = found is not None and found.end() == len(text)
            source = text[: found.start()].rstrip() if found and is_last else text
            if "doi:" not in source and "pii:" not in source:
                source = source.removesuffix(".")
            number = int(found[1]) if found else 0
            linked = number if 0 < number <= LARGEST_INTEGER else None
            add("article_links", ref_type, source or None, linked, None, None)


def history(fields: list[Field], add: Adder) -> None:
    """The tags of single dates, which PHST repeats today, and PHST."""
    told = [(status or "", text) for line in each(fields, "PHST") for text, status in _typed(line)]
    days = {(status, text[:10]) for status, text in told}
    single = [
        (status, text)
        for tag, status in HISTORY.items()
        for text in each(fields, tag)
        if (status, text[:10]) not in days
    ]
    for status, text in (*single, *told):
        add("history_dates", status, text, _event(text))


def _event(text: str) -> datetime | None:
    found = _STAMP.match(text)
    names = ("Year", "Month", "Day", "Hour", "Minute")
    if not found:
        return None
    return moment([(n, v) for n, v in zip(names, found.groups(), strict=True) if v])
