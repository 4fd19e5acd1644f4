"""PubMed's query language: its words, its fields, and a query read into a tree.

After the PubMed User Guide and the field list of EInfo: AND, OR, NOT in upper case, worked from
left to right; parentheses; "quoted phrases"; `*` at the end of a word or phrase; [field tags],
with or without a space before them; `low:high[tag]` ranges, each end tagged or not; `#1` for an
earlier search; terms side by side mean AND. Several words before one tag are one phrase, as at
PubMed. Records and queries are folded alike.

No automatic term mapping: a word without a tag is a text word and stays itself.
What is not well-formed (parentheses, an operator without a term, a tag without a term) is
refused, where PubMed may guess.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
# Invisible inside a word (soft hyphen, joiners, byte order mark): they never end one.
_INVISIBLE = re.compile("[\u00ad\u200c\u200d\u2060\ufeff]")
_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}


def fold(text: str) -> str:
    """The words of a text in lower case, one space between them.

    Everything that is neither letter nor digit parts words: all hyphens, dashes, slashes and
    spaces. Accents go, compatibility forms become plain, so that the micro sign equals the
    Greek mu. `fold("7-OH Mitragynine")` is `"7 oh mitragynine"`.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text))
    return " ".join(_WORD.findall(_MARKS.sub("", plain).lower()))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text with a space for every character that XML cannot carry."""
    return _NOT_XML.sub(" ", text)


_STOPWORDS = """
a about again all almost also although always among an and another any are as at be because been
before being between both but by can could did do does done due during each either enough
especially etc for found from further had has have having here how however i if in into is it
its itself just kg km made mainly make may mg might ml mm most mostly must nearly neither no nor
obtained of often on our overall perhaps pmid quite rather really regarding seem seen several
should show showed shown shows significantly since so some such than that the their theirs them
then there therefore these they this those through thus to upon various very was we were what
when which while with within without would
"""
STOPWORDS = frozenset(_STOPWORDS.split())
"""Words PubMed leaves out of an untagged search (User Guide, "Stopwords")."""


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
    """The field a tag names, whatever its case and spacing; None if PubMed has no such field."""
    return _BY_TAG.get(_normal(tag))


_MAX_DEPTH = 100
_OPERATORS = {"AND": "AND", "OR": "OR", "NOT": "NOT", "&": "AND", "|": "OR"}
_TOKEN = re.compile(
    r"""\s+
    | (?P<open>\() | (?P<close>\))
    | "(?P<quoted>[^"]*)(?:"|$)
    | \[(?P<tag>[^\]\[]*)\]
    | \#(?P<history>\d+)
    | (?P<colon>:)(?=\s|"|$) | (?<=[\]"])(?P<joined>:)
    | (?P<word>(?:[^\s()"\[&|]|\[(?![^\]\[]*\]))+?(?=:(?:"|\s)|[\s()"&|]|\[[^\]\[]*\]|$))
    | (?P<operator>[&|])""",
    re.VERBOSE,
)


class QuerySyntaxError(ValueError):
    """The query is not well-formed."""


@dataclass(frozen=True)
class Term:
    """A word, phrase or range, with the tag that follows it (None if there is none)."""

    text: str
    tag: str | None = None
    quoted: bool = False


@dataclass(frozen=True)
class Earlier:
    """`#1`: the result of an earlier search."""

    key: int


@dataclass(frozen=True)
class Chain:
    """Operands with operators between them, worked from left to right.

    A chain and not a binary tree, so that thousands of terms need no deep recursion.
    """

    first: Node
    rest: tuple[tuple[str, Node], ...]


Node = Term | Earlier | Chain


def parse(query: str) -> Node:
    """The tree of a query.

    Raises:
        QuerySyntaxError: for a query that is empty or not well-formed.
    """
    parser = _Parser(_tokens(query))
    node = parser.expression(0)
    if parser.kind:
        raise QuerySyntaxError(f"unexpected {parser.text!r}")
    return node


def _tokens(query: str) -> list[tuple[str, str]]:
    tokens = []
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup
        if kind is None:
            continue
        text = match.group(kind)
        if kind == "joined":
            kind = "colon"
        if kind in ("word", "operator") and text in _OPERATORS:
            kind, text = "operator", _OPERATORS[text]
        tokens.append((kind, text))
    return tokens


class _Parser:
    """Recursive descent over the tokens; each method takes what it understands."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def kind(self) -> str:
        """The kind of the next token, empty at the end."""
        return self._tokens[self._position][0] if self._position < len(self._tokens) else ""

    @property
    def text(self) -> str:
        return self._tokens[self._position][1] if self.kind else "end of query"

    def _take(self) -> str:
        text = self.text
        self._position += 1
        return text

    def expression(self, depth: int) -> Node:
        if depth > _MAX_DEPTH:
            raise QuerySyntaxError("parentheses too deep")
        first = self._operand(depth)
        rest = []
        while self.kind not in ("", "close"):
            operator = self._take() if self.kind == "operator" else "AND"
            rest.append((operator, self._operand(depth)))
        return Chain(first, tuple(rest)) if rest else first

    def _operand(self, depth: int) -> Node:
        if self.kind == "open":
            self._take()
            node = self.expression(depth + 1)
            if self.kind != "close":
                raise QuerySyntaxError("a parenthesis is not closed")
            self._take()
            return node
        if self.kind == "history":
            return Earlier(int(self._take()[:9]))
        if self.kind == "quoted":
            return self._range(Term(self._take(), self._tag(), quoted=True))
        if self.kind == "word":
            return self._words()
        raise QuerySyntaxError(f"a term was expected, not {self.text!r}")

    def _words(self) -> Node:
        """Words in a row: with a tag one phrase, without it each for itself, all required."""
        words = []
        while self.kind == "word":
            words.append(self._take())
        tag = self._tag()
        if tag is not None or self.kind == "colon":
            return self._range(Term(" ".join(words), tag))
        # "17170002 16381840" is a list of PMIDs (User Guide, "PMID").
        if all(re.fullmatch(r"\d{5,8}", word) for word in words):
            return Term(" ".join(words), "uid")
        first, *others = map(Term, words)
        return Chain(first, tuple(("AND", term) for term in others)) if others else first

    def _range(self, low: Term) -> Term:
        """`"2020"[dp] : "2021"[dp]` and the like become one term."""
        if self.kind != "colon":
            return low
        self._take()
        if self.kind not in ("word", "quoted"):
            raise QuerySyntaxError("a range has no upper end")
        high = Term(self._take(), self._tag())
        return Term(f"{low.text}:{high.text}", high.tag or low.tag)

    def _tag(self) -> str | None:
        return self._take().strip() if self.kind == "tag" else None
