"""One stream's records, read one by one into rows; what cannot be read is set aside."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256
from html.entities import name2codepoint

from lxml import etree

from pipeline.errors import ConfigurationError
from pipeline.pubmed.parsing.article import medline_citation
from pipeline.pubmed.parsing.attached import pubmed_data
from pipeline.pubmed.parsing.book import book_document
from pipeline.pubmed.parsing.context import BadRecordError, Context, Element, nested, read_pmid
from pipeline.pubmed.parsing.cutting import Cut, Cutter
from pipeline.pubmed.parsing.tables import LARGEST_SMALLINT, Tally, drop_record

_ENTITY = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|&([A-Za-z][A-Za-z0-9]*);", re.S)
_START_TAG = re.compile(rb"(<\w+)([^>]*)")
_HIDING = ((b"<!--", b"-->"), (b"<![CDATA[", b"]]>"))
_XML_ENTITIES = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
_MATHML_NAMESPACE = b' xmlns:mml="http://www.w3.org/1998/Math/MathML"'
_BRACKET = ord("<")

LONGEST_TEXT = 1_000_000
"""Characters of title and abstracts together: to judge more would take minutes."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Bytes that are not a record we can hold, and why; they are kept, never guessed at."""

    record_no: int
    offset: int
    raw: bytes = field(repr=False)
    reason: str


@dataclass(frozen=True, slots=True)
class Deletion:
    """One PMID of a DeleteCitation or DeleteDocument."""

    pmid: int
    pmid_version: int
    offset: int


class RecordReader:
    """Reads the cuts of one stream into the tables of a Context, but for records that are held."""

    def __init__(
        self,
        cutter: Cutter,
        tally: Tally,
        first_record_no: int,
        held: Collection[str] = (),
    ) -> None:
        self.context = Context(tally)
        self.unreadable: list[Unreadable] = []
        self.deletions: list[Deletion] = []
        self.known: list[tuple[int, str]] = []
        self._held = held
        self._cutter = cutter
        self._next_no = first_record_no
        self._encoding = ""
        self._parser = _parser("utf-8")
        self._quick_parser = _parser("utf-8", remove_blank_text=True)

    def read(self, cut: Cut) -> None:
        """Add what a cut says to the rows, deletions or unreadable."""
        if self._encoding != self._cutter.head.encoding:
            self._encoding = self._cutter.head.encoding
            self._parser = _parser(self._encoding)
        if not cut.is_ended:
            self._set_aside(cut, "its end tag is missing")
        elif cut.kind == "record":
            if not self._is_held(cut):
                self._record(cut)
        elif cut.kind == "deletion":
            self._deletion(cut)
        else:
            if cut.name:
                self.context.tally["element", f"PubmedArticleSet/{cut.name}"] += 1
            self._set_aside(cut, "stands between records, and is not a record")

    def _is_held(self, cut: Cut) -> bool:
        """Pass over a record whose very bytes are held; its number and SHA-256 are noted."""
        if not self._held or (digest := sha256(cut.raw).hexdigest()) not in self._held:
            return False
        self.known.append((self._next_no, digest))
        self._next_no += 1
        return True

    def _record(self, cut: Cut) -> None:
        context = self.context
        number = self._next_no
        try:
            context.begin(number)
            root = self._tree(cut.raw)
            self._body(root, cut)
        except etree.XMLSyntaxError as error:
            self._set_aside(cut, f"XML is not well-formed: {error.msg}")
        except BadRecordError as error:
            drop_record(context.tables, number)
            self._set_aside(cut, str(error))
        else:
            self._next_no += 1

    def _body(self, root: Element, cut: Cut) -> None:
        """Walk a record and add its row of articles."""
        context = self.context
        context.is_book = root.tag != "PubmedArticle"
        if root.tag == "BookDocument":  # a BookDocumentSet has them without a shell
            book_document(context, root)
        else:
            _shell(context, root)
        said = context.fields
        if said["pmid"] is None:
            raise BadRecordError("it has no PMID")
        if len(cut.raw) > LARGEST_SMALLINT:
            self._check_sizes()
        said["record_kind"] = "book" if context.is_book else "article"
        said["record_source"] = "pubmed_xml"
        if said["doi"] is None:
            said["doi"] = context.location_doi
        said["record_no"] = context.record_no
        said["record_sha256"] = sha256(cut.raw).hexdigest()
        said["raw_offset"] = cut.offset
        said["raw_length"] = len(cut.raw)
        context.tables["articles"].append(tuple(said.values()))  # in the order of the columns

    def _check_sizes(self) -> None:
        """Running numbers are SMALLINT in core, but for references; long texts cost minutes."""
        context = self.context
        for table in context.tables:
            rows = context.own_rows(table)
            count = len(rows)
            if count <= LARGEST_SMALLINT or table == "cited_references":
                continue
            if table == "affiliations":  # numbered for each author
                count = max(row[2] for row in rows)
            if count > LARGEST_SMALLINT:
                raise BadRecordError(f"it has {count} rows of {table}")
        sections = context.own_rows("abstract_sections")
        length = len(context.fields["title"] or "") + sum(len(section[-1]) for section in sections)
        if length > LONGEST_TEXT:
            raise BadRecordError(f"its title and abstracts have {length} characters")

    def _tree(self, raw: bytes) -> Element:
        """The record as a tree, mostly without the blanks between its elements.

        They are a quarter of its nodes. Where blanks may be lost in a text, the context parses
        the bytes once more and keeps them all (`Context.read_from`); where a text could lose some
        unnoticed (before a comment, CDATA section, instruction or carriage return), none are
        dropped.
        """
        self.context.read_from(None)
        try:
            if self._encoding == "utf-8" and not _may_lose_blanks(raw):
                root = etree.fromstring(raw, self._quick_parser)
                self.context.read_from(raw, self._parser)
                return root
            return etree.fromstring(raw, self._parser)
        except etree.XMLSyntaxError:
            repaired = self._repaired(raw)
            if repaired == raw:
                raise
            return etree.fromstring(repaired, self._parser)

    def _repaired(self, raw: bytes) -> bytes:
        """Supply what a record takes from its surroundings.

        Namespaces declared at the root, and named entities of HTML, which a DTD would have
        defined: no DTD is ever loaded, so `&beta;` is written as its number.
        """
        if any(raw.rfind(opens) > raw.rfind(closes) for opens, closes in _HIDING):
            return raw  # a comment or section that never ends cannot be mended
        head = self._cutter.head

        def number(found: re.Match[bytes]) -> bytes:
            name = found[1]
            if name is None or name in _XML_ENTITIES or name in head.entities:
                return found[0]
            point = name2codepoint.get(name.decode())
            if point is None:
                return found[0]
            self.context.tally["entity", name.decode()] += 1
            return b"&#%d;" % point

        named = _ENTITY.sub(number, raw)
        spaces = {space.split(b"=")[0].strip(): space for space in head.namespaces}
        if b"<mml:" in named:
            spaces.setdefault(b"xmlns:mml", _MATHML_NAMESPACE)
        start = _START_TAG.match(named)
        if not spaces or not start:
            return named
        missing = b"".join(space for prefix, space in spaces.items() if prefix not in start[2])
        return named[: start.end(1)] + missing + named[start.end(1) :]

    def _deletion(self, cut: Cut) -> None:
        """Note every PMID; if anything else stands there, the element is set aside too."""
        try:
            root = self._tree(cut.raw)
        except etree.XMLSyntaxError as error:
            self._set_aside(cut, f"XML is not well-formed: {error.msg}")
            return
        self.context.bare(root)
        odd = [str(child.tag) for child in root if child.tag != "PMID"]
        reasons = [f"it has {odd[0]} among its PMIDs"] if odd else []
        for child in self.context.children(root, "PMID"):
            try:
                pmid, version = read_pmid(self.context, child)
            except BadRecordError as error:
                reasons.append(str(error))
            else:
                self.deletions.append(Deletion(pmid, version, cut.offset))
        if reasons:
            self._set_aside(cut, reasons[0])

    def _set_aside(self, cut: Cut, reason: str) -> None:
        """Keep the bytes; they have a number too, so that those of the others are stable."""
        self.unreadable.append(Unreadable(self._next_no, cut.offset, cut.raw, reason))
        self._next_no += 1


_shell = nested(
    {
        "MedlineCitation": medline_citation,
        "PubmedData": pubmed_data,
        "BookDocument": book_document,
        "PubmedBookData": pubmed_data,
    }
)
"""PubmedArticle or PubmedBookArticle."""


def _may_lose_blanks(raw: bytes) -> bool:
    """Whether anything stands in a record that hides from libxml2 that blanks are text."""
    return b"\r" in raw or _stands_after_bracket(raw, b"!") or _stands_after_bracket(raw, b"?")


def _stands_after_bracket(raw: bytes, mark: bytes) -> bool:
    """Whether `<` with a mark stands in bytes: one byte is found far faster than two are."""
    at = raw.find(mark, 1)
    while at > 0:
        if raw[at - 1] == _BRACKET:
            return True
        at = raw.find(mark, at + 1)
    return False


def _parser(encoding: str, *, remove_blank_text: bool = False) -> etree.XMLParser:
    """Nothing is fetched or expanded; comments and instructions are not text."""
    try:
        return etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            remove_comments=True,
            remove_pis=True,
            collect_ids=False,
            encoding=encoding,
            remove_blank_text=remove_blank_text,
        )
    except LookupError as error:
        raise ConfigurationError(
            f"The file's encoding {encoding!r} is not known.",
            effect="Nothing of it was kept.",
            next_step="correct its XML declaration, or save it as UTF-8.",
        ) from error
