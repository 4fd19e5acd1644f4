"""PubMed's search fields: names, tags, and which parts of a record each one reads.

After the PubMed User Guide ("Search field tags") and the field list of EInfo.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto


class Kind(Enum):
    """How a field compares a term with a record."""

    WORDS = auto()  # consecutive words anywhere in the text
    VALUES = auto()  # a whole entry: a heading, a type, a journal
    NAMES = auto()  # a whole entry, and unquoted also its beginning (authors)
    DATES = auto()
    UID = auto()


@dataclass(frozen=True)
class Field:
    """One search field.

    Attributes:
        code: the short name EInfo gives.
        name: the full name, as QueryTranslation shows it; also a valid tag.
        parts: the index parts it reads.
        tags: the other accepted tags, lower case.
    """

    code: str
    name: str
    kind: Kind
    parts: tuple[str, ...]
    tags: tuple[str, ...]

    @property
    def is_date(self) -> bool:
        return self.kind is Kind.DATES


_TITLE_ABSTRACT = ("ti", "ab", "ot")
# No transliterated title: the User Guide keeps it out of [tw].
_TEXT_WORD = (*_TITLE_ABSTRACT, "mh", "sh", "pt", "nm", "ps", "cn", "si")
_ALL = (*_TEXT_WORD, "tt", "au", "ad", "ta", "gr", "rn", "aid", "has")

FIELDS = (
    Field("ALL", "All Fields", Kind.WORDS, _ALL, ("all",)),
    Field("UID", "UID", Kind.UID, (), ("pmid",)),
    Field("FILT", "Filter", Kind.VALUES, ("sb",), ("sb", "subset")),
    Field("TITL", "Title", Kind.WORDS, ("ti",), ("ti",)),
    Field("ABST", "Abstract", Kind.WORDS, ("ab",), ("ab",)),
    Field("TIAB", "Title/Abstract", Kind.WORDS, _TITLE_ABSTRACT, ()),
    Field("WORD", "Text Word", Kind.WORDS, _TEXT_WORD, ("tw", "text words", "text")),
    Field("OTRM", "Other Term", Kind.WORDS, ("ot",), ("ot",)),
    Field("TT", "Transliterated Title", Kind.WORDS, ("tt",), ()),
    Field("MESH", "MeSH Terms", Kind.VALUES, ("mh",), ("mh",)),
    Field("MESH", "MeSH Terms:noexp", Kind.VALUES, ("mh",), ("mh:noexp", "mesh:noexp")),
    Field("MAJR", "MeSH Major Topic", Kind.VALUES, ("majr",), ()),
    Field("MAJR", "MeSH Major Topic:noexp", Kind.VALUES, ("majr",), ("majr:noexp",)),
    Field("SUBH", "MeSH Subheading", Kind.VALUES, ("sh",), ("sh",)),
    Field("SUBS", "Supplementary Concept", Kind.VALUES, ("nm",), ("nm", "substance name")),
    Field("PTYP", "Publication Type", Kind.VALUES, ("pt",), ("pt",)),
    Field("PTYP", "Publication Type:noexp", Kind.VALUES, ("pt",), ("pt:noexp",)),
    Field("ECNO", "EC/RN Number", Kind.VALUES, ("rn",), ("rn",)),
    Field("LANG", "Language", Kind.VALUES, ("la",), ("la",)),
    Field("JOUR", "Journal", Kind.VALUES, ("ta",), ("ta",)),
    Field("JID", "NLM Unique ID", Kind.VALUES, ("jid",), ()),
    Field("VOL", "Volume", Kind.VALUES, ("vi",), ("vi",)),
    Field("ISS", "Issue", Kind.VALUES, ("ip",), ("ip",)),
    Field("PAGE", "Pagination", Kind.VALUES, ("pg",), ("pg",)),
    Field("AUTH", "Author", Kind.NAMES, ("au",), ("au",)),
    Field("FULL", "Author - Full", Kind.NAMES, ("au",), ("fau", "full author name")),
    Field("COLN", "Author - Corporate", Kind.WORDS, ("cn",), ("cn", "corporate author")),
    Field("PS", "Personal Name as Subject", Kind.NAMES, ("ps",), ()),
    Field("AFFL", "Affiliation", Kind.WORDS, ("ad",), ("ad",)),
    Field("AID", "Article Identifier", Kind.VALUES, ("aid",), ("doi",)),
    Field("GRNT", "Grants and Funding", Kind.WORDS, ("gr",), ("gr", "grant number")),
    Field("SI", "Secondary Source ID", Kind.WORDS, ("si",), ()),
    Field("PDAT", "Date - Publication", Kind.DATES, ("pdat",), ("dp", "publication date")),
    Field("EPDT", "Electronic Publication Date", Kind.DATES, ("epdat",), ("epdat",)),
    Field("PPDT", "Print Publication Date", Kind.DATES, ("ppdat",), ("ppdat",)),
    Field("EDAT", "Date - Entry", Kind.DATES, ("edat",), ("entry date",)),
    Field("CRDT", "Date - Create", Kind.DATES, ("crdt",), ("create date",)),
    Field("MDAT", "Date - Modification", Kind.DATES, ("mdat",), ("lr", "modification date")),
    Field("MHDA", "Date - MeSH", Kind.DATES, ("mhda",), ("mesh date",)),
    Field("CDAT", "Date - Completion", Kind.DATES, ("cdat",), ("dcom", "completion date")),
)


def _normal(tag: str) -> str:
    return re.sub(r"\s*([:/])\s*", r"\1", " ".join(tag.lower().split()))


KNOWN = {
    "FILT": frozenset(
        ("all", "pubmed books", "medline", "publisher", "inprocess", "indatareview",
         "pubmednotmedline", "oldmedline", "completed")
    )
}  # fmt: skip
"""Values PubMed always knows, by field code: an archive without them has zero hits, no error."""

_BY_TAG: dict[str, Field] = {}
for _field in FIELDS:
    for _tag in (_field.name, _field.code, *_field.tags):
        _BY_TAG.setdefault(_normal(_tag), _field)


def field_for(tag: str) -> Field | None:
    """The field a tag names, whatever its case and spacing; None if PubMed has none such."""
    return _BY_TAG.get(_normal(tag))
