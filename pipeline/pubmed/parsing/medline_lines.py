"""The tags and lines of a MEDLINE text export: where records begin, which lines make up a field.

Tags as in NLM's "MEDLINE/PubMed Data Element Descriptions". Each record begins with its PMID
line; nothing else does, so that an empty line within a record ends nothing. A field is a line
with a tag and the lines behind it that have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import BinaryIO, NamedTuple

from pipeline.errors import SourceError
from pipeline.pubmed.parsing.bytes import PIECE
from pipeline.pubmed.parsing.cutting import LONGEST_RECORD
from pipeline.pubmed.parsing.tables import Tally

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


Field = tuple[str, str]
"""A tag and its value, on one line."""

FIRST_LINE = re.compile(rb"(?:\xef\xbb\xbf)?PMID {0,3}-")
_MARK = b"\xef\xbb\xbf"
_LINES = re.compile(rb"[^\r\n]*(?:\r+\n?|\n|$)")
_LAST_LINE = re.compile(rb"[\r\n](?:SO {0,3}-|AID {0,3}-[^\r\n]+\[bookaccession\])")
_HEAD_LINE = re.compile(rb"[\r\n](?:OWN|STAT) {0,3}-")
_HALF_TAG = re.compile(rb"[A-Z][A-Z0-9]{0,3} {0,3}-?")
_TAG = re.compile(r"(?P<tag>[A-Z][A-Z0-9]{1,3})[ \t]{0,3}-(?P<blank>[ \t]+|$)?(?P<value>.*)", re.S)
_LINE_END = re.compile(r"\r+\n?|\n")
_BLANKS = " \t"
_HYPHEN = re.compile(r"\w[-\u2010\u2011\u2013\u2014]$")
_OF_ONE_WORD = ("LID", "AID")
# "pre- and post-": the hyphen stands for what follows later, and a blank follows it
_SUSPENDED = re.compile(
    r"(?:and|or|to|nor|vs|versus|through|und|oder|bis|et|ou|y|e|o|en|of|och|og|eller)(?!\w)"
)


class MedlineCut(NamedTuple):
    """A record of an export.

    Attributes:
        offset: in the uncompressed stream.
        raw: its bytes, without blank lines at the end.
        is_cut: the file ends before the record does.
    """

    offset: int
    raw: bytes
    is_cut: bool


def cut_medline(stream: BinaryIO) -> Iterator[MedlineCut]:
    """Cut an export into records: each begins with its PMID line.

    Raises:
        SourceError: a record is larger than any that can be held.
    """
    offset = start = size = count = 0
    are_whole = True
    lines: list[bytes] = []
    for line, begins in _lines(stream):
        if begins and FIRST_LINE.match(line):
            raw = b"".join(lines)
            if raw.strip():
                count += 1
                are_whole = are_whole and bool(_LAST_LINE.search(raw))
                yield MedlineCut(start, raw.rstrip(), False)
            mark = len(_MARK) if line.startswith(_MARK) else 0
            lines, size, start = [line[mark:]], len(line), offset + mark
        elif lines or line.strip(b" \t\r\n\xef\xbb\xbf"):
            start = start if lines else offset
            lines.append(line)
            size += len(line)
            if size > LONGEST_RECORD:
                raise SourceError(
                    f"The record at byte {start} has more than {LONGEST_RECORD >> 20} MB.",
                    effect="The file was not read to its end.",
                    next_step="see whether this is an export of PubMed.",
                )
        offset += len(line)
    if lines:
        raw = b"".join(lines)
        yield MedlineCut(start, raw.rstrip(), _ends_early(raw, bool(count) and are_whole))


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Lines with their ends, whatever these are; of very long ones pieces.

    Yields:
        The bytes, and whether they begin a line.
    """
    begins = True
    while piece := stream.readline(PIECE):
        for found in _LINES.finditer(piece):
            if line := found[0]:
                yield line, begins
                begins = line.endswith((b"\r", b"\n"))


def _ends_early(raw: bytes, others_are_whole: bool) -> bool:
    """Does the file end within its last record?

    PubMed ends a record with its source, SO, and one of a book with its accession number. Other
    programs write neither: there only a last line without an end shows it.
    """
    if _LAST_LINE.search(raw):
        return False
    if others_are_whole:
        return True
    if raw.endswith((b"\r", b"\n")):
        return False
    last = max(raw.rfind(b"\n"), raw.rfind(b"\r")) + 1
    return bool(_HEAD_LINE.search(raw) or _HALF_TAG.fullmatch(raw, last))


def read_fields(text: str, tally: Tally) -> list[Field]:
    """The fields of a record, in order; lines without a tag belong to the field before.

    PubMed indents such lines by six blanks; files that went through other hands have tabs, fewer
    blanks, no indent, or an empty line between. What is not indented is counted, and left out if
    it stands behind an empty line: there it is some other text, such as the end of a page.
    """
    fields: list[tuple[str, list[str]]] = []
    is_behind_gap = False
    for line in _LINE_END.split(text):
        if not line.strip(_BLANKS):
            is_behind_gap = True
            continue
        found = _TAG.match(line)
        if found and (found["blank"] is not None or found["tag"] in KNOWN):
            fields.append((found["tag"], [found["value"]]))
        elif not fields:
            tally["element", "MEDLINE/(text between records)"] += 1
        elif line[0] in _BLANKS:
            fields[-1][1].append(line.lstrip(_BLANKS))
        elif is_behind_gap:
            tally["element", "MEDLINE/(text between records)"] += 1
        else:
            tally["element", "MEDLINE/(line without a tag)"] += 1
            fields[-1][1].append(line)
        is_behind_gap = False
    is_exact = _is_exact(pieces for _, pieces in fields)
    return [
        (tag, _joined(pieces, is_exact or (tag in _OF_ONE_WORD and " " not in pieces[0])))
        for tag, pieces in fields
    ]


def _is_exact(fields: Iterable[list[str]]) -> bool:
    """Do all lines that go on end with the blank they were broken at, as PubMed's do today?

    Then a line without one was broken within a word. Before 2020 the blank was mostly dropped.
    """
    has_blank = False
    for pieces in fields:
        for piece in pieces[:-1]:
            if piece.endswith(" "):
                has_blank = True
            elif not _HYPHEN.search(piece[-2:]) and " " in piece:
                return False
    return has_blank


def _joined(pieces: list[str], is_exact: bool) -> str:
    """The lines of a field as one: a fold is one blank, or nothing within a word."""
    if len(pieces) == 1:
        return pieces[0].strip(_BLANKS)
    parts = [pieces[0].rstrip(_BLANKS)]
    for before, piece in pairwise(pieces):
        if before.endswith(tuple(_BLANKS)):
            is_word = False
        else:
            is_hyphen = _HYPHEN.search(before[-2:]) and not _SUSPENDED.match(piece)
            is_word = is_exact or bool(is_hyphen)
        parts += ["" if is_word else " ", piece.rstrip(_BLANKS)]
    return "".join(parts).strip(_BLANKS)
