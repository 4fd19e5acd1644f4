"""An archive of PubMed XML files, held as the original bytes of each record."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from isal import igzip
from isal.igzip_lib import IsalError
from lxml import etree

from pipeline.errors import SourceError
from pipeline.replay.record import read_entries
from pipeline.replay.search import Index

_log = logging.getLogger("ketum")

_PIECE = re.compile(
    rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>"  # passed over whole, whatever tags they quote
    rb"|<(?P<end>/)?(?P<name>PubmedArticle|PubmedBookArticle|DeleteCitation)(?:\s[^>]*)?>",
    re.DOTALL,
)
_ROOT = re.compile(rb"<PubmedArticleSet[\s/>]")
_PMID = re.compile(rb"<PMID(?:\s+Version\s*=\s*[\"'](\d{1,5})[\"'])?[^>]*>\s*(\d{1,10})\s*</PMID>")
_ENCODING = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w-]+)[\"']")


@dataclass(frozen=True)
class Record:
    """One PubMed record: its number, its version and its bytes as they came."""

    pmid: int
    version: int
    raw: bytes


class Archive:
    """The records of a directory and an index over them.

    Attributes:
        records: highest PMID first, one for each PMID.
        numbers: the place of each PMID in `records`.
        index: finds places in `records`.
    """

    def __init__(self, records: list[Record]) -> None:
        self.records = sorted(records, key=lambda record: -record.pmid)
        self.numbers = {record.pmid: number for number, record in enumerate(self.records)}
        self.index = Index()
        for record in self.records:
            try:
                self.index.add(read_entries(record.raw))
            except etree.XMLSyntaxError as error:
                raise _unreadable(f"The record of PMID {record.pmid}", str(error)) from None

    @classmethod
    def read(cls, directory: Path) -> Archive:
        """Read all `*.xml` and `*.xml.gz` files under a directory, in the order of their names.

        Of several copies of a PMID the highest Version wins, then the later file. A
        DeleteCitation takes away what came before it. Files that hold no PubmedArticleSet (a
        raw archive keeps search answers too) are passed over.

        Raises:
            SourceError: there is no such file, or a file is damaged or not UTF-8.
        """
        kept: dict[int, Record] = {}
        files = 0
        for path in _files(directory):
            data = _content(path)
            if not _ROOT.search(data):
                _log.debug("%s holds no PubmedArticleSet: passed over", path)
                continue
            files += 1
            for name, piece in _pieces(data, path):
                if name == b"DeleteCitation":
                    for _, pmid in _PMID.findall(piece):
                        kept.pop(int(pmid), None)
                    continue
                record = _record(piece, path)
                held = kept.get(record.pmid)
                if held is None or record.version >= held.version:
                    kept[record.pmid] = record
        if not files:
            raise SourceError(
                f"No file under {directory} holds PubMed records.",
                effect="There is nothing to serve.",
                next_step="name a directory with *.xml or *.xml.gz files of PubmedArticleSet.",
            )
        return cls(list(kept.values()))


def _files(directory: Path) -> list[Path]:
    found = (path for pattern in ("*.xml", "*.xml.gz") for path in directory.rglob(pattern))
    return sorted(
        (path for path in found if path.is_file()),
        key=lambda path: path.relative_to(directory).as_posix(),
    )


def _content(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = igzip.decompress(data)  # type: ignore[no-untyped-call]
    except (OSError, EOFError, IsalError) as error:  # type: ignore[misc]  # a wrong stub
        raise _unreadable(str(path), str(error)) from None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise _unreadable(str(path), "its encoding is UTF-16, not UTF-8")
    declared = _ENCODING.match(data)
    if declared and declared.group(1).lower() not in (b"utf-8", b"us-ascii", b"ascii"):
        # Records of many files go out in one UTF-8 answer, byte for byte.
        raise _unreadable(str(path), f"its encoding is {declared.group(1).decode()}, not UTF-8")
    return data


def _pieces(data: bytes, path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Each record and deletion list, from its start tag to its end tag."""
    opened: re.Match[bytes] | None = None
    for match in _PIECE.finditer(data):
        name = match["name"]
        if name is None or match.group().endswith(b"/>"):
            continue
        if opened is None and not match["end"]:
            opened = match
        elif opened is not None and match["end"] and name == opened["name"]:
            yield name, data[opened.start() : match.end()]
            opened = None
        else:
            raise _unreadable(str(path), f"{match.group().decode()} is out of place")
    if opened is not None:
        raise _unreadable(str(path), "it ends inside a record")


def _record(piece: bytes, path: Path) -> Record:
    # The record's own PMID comes before those of comments and references.
    match = _PMID.search(piece)
    if match is None:
        raise _unreadable(str(path), "a record has no PMID")
    return Record(int(match[2]), int(match[1] or 1), piece)


def _unreadable(what: str, reason: str) -> SourceError:
    return SourceError(
        f"{what} cannot be read: {reason}.",
        effect="The archive is not served, since part of it would be missing.",
        next_step="replace or remove the file, then start again.",
    )
