"""Any number of records, for benchmarks: the real ones of a PubMed file under new PMIDs.

`python -m benchmarks.many_records FILE DIRECTORY COUNT [--days N] [--day-size N] [--short]`
writes files as NLM names them: a baseline of COUNT records, 30,000 a file, then a file a day of
new, revised and deleted records and of new versions. The same arguments give the same bytes. With
--short, 19 of 20 records have no abstract, affiliation or reference, to be judged sooner.

Record number i is record i of the file, or i modulo their number, with PMID 40,000,000 + i. Where
a copy names a PMID of its own file, it names that of the same copy; DOIs, PubMed Central numbers
and registrations of trials get numbers of their own too, so that copies are neither versions of
one article nor reports of one study.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

FIRST_PMID = 40_000_000
PER_FILE = 30_000
SERIES = "pubmed26n"
NEW, REVISED, VERSIONS = 0.66, 0.31, 0.02
"""Shares of a day; the rest are deletions."""

_RECORD = re.compile(rb"<PubmedArticle>.*?</PubmedArticle>", re.DOTALL)
_PMID = re.compile(rb'(<PMID Version="\d+">|<ArticleId IdType="pubmed">)(\d+)(?=<)')
_OWN_PMID = re.compile(rb'<PMID Version="\d+">(\d+)<')
_DOI = re.compile(rb'(<ELocationID EIdType="doi"[^>]*>|<ArticleId IdType="doi">)([^<]+)')
_PMC = re.compile(rb'(<ArticleId IdType="pmc">PMC)(\d+)')
_REGISTRATION = re.compile(
    rb"\b((?:NCT|ISRCTN|DRKS|CRD|ACTRN|UMIN|ChiCTR[A-Z-]*|KCT|IRCT|TCTR|PACTR|NTR)\d*?)(\d{4})\b"
)
_REVISED = re.compile(rb"<DateRevised>.*?</DateRevised>", re.DOTALL)
_LONG = re.compile(
    rb"<(Abstract|OtherAbstract|AffiliationInfo)\b[^>]*>.*?</\1>|<ReferenceList>.*</ReferenceList>",
    re.DOTALL,
)
_EACH_AS_IT_IS = 20
"""Of short records."""
_HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n'
_END = b"</PubmedArticleSet>\n"
_DAY_ONE = date(2021, 7, 1)
"""Later than any date of revision in a file of June 2021."""


class Day(NamedTuple):
    """What a day brings, as numbers of records."""

    new: range
    revised: tuple[int, ...]
    versions: tuple[int, ...]
    deleted: tuple[int, ...]


class Source:
    """The records of a PubMed file, to be copied under new PMIDs."""

    def __init__(self, path: Path, *, is_short: bool = False, most: int | None = None) -> None:
        """Read a .xml.gz into memory; of a PMID that stands twice the first counts.

        Args:
            path: the file.
            is_short: leave abstracts, affiliations and references out of 19 of 20 records.
            most: take so many of its records, where these are multiplied in a warehouse: a
                revised copy is then the record it was copied from, with another title.
        """
        with gzip.open(path) as stream:
            found = {
                int(own[1]): one
                for one in reversed(_RECORD.findall(stream.read()))
                if (own := _OWN_PMID.search(one))
            }
        all_pmids = sorted(found)
        self.pmids = all_pmids[:most]
        self._records = [
            _LONG.sub(b"", found[pmid]) if is_short and place % _EACH_AS_IT_IS else found[pmid]
            for place, pmid in enumerate(self.pmids)
        ]
        self._places = {b"%d" % pmid: place for place, pmid in enumerate(self.pmids)}
        # an update file of NLM's brings new records; its oldest third are revisions
        newest = all_pmids[-1]
        self.back = [(newest - pmid) / newest for pmid in all_pmids[: len(all_pmids) // 3]]

    def record(self, number: int, *, version: int = 1, revised: date | None = None) -> bytes:
        """A record under a new PMID.

        Args:
            number: which one.
            version: NLM's Version of it.
            revised: changes its title and sets its date of revision.
        """
        copy, place = divmod(number, len(self._records))
        first = FIRST_PMID + copy * len(self._records)

        def pmid(match: re.Match[bytes]) -> bytes:
            other = self._places.get(match[2])
            return match[0] if other is None else match[1] + b"%d" % (first + other)

        head, references, rest = self._records[place].partition(b"<ReferenceList>")
        head = _DOI.sub(rb"\g<1>\g<2>.%d" % copy, head)
        head = _PMC.sub(rb"\g<1>\g<2>%02d" % copy, head)
        if revised:
            stated = revised.strftime(
                "<DateRevised><Year>%Y</Year><Month>%m</Month><Day>%d</Day></DateRevised>"
            ).encode()
            head = _REVISED.sub(stated, head, count=1)
            mark = b" (%d)</ArticleTitle>" % revised.toordinal()
            head = head.replace(b"</ArticleTitle>", mark, 1)
        text = _PMID.sub(pmid, head + references + rest)
        text = text.replace(b'<PMID Version="1">', b'<PMID Version="%d">' % version, 1)
        return _REGISTRATION.sub(
            lambda found: found[1] + b"%04d" % ((int(found[2]) + 7919 * copy) % 10_000), text
        )


def write(path: Path, records: Iterable[bytes], deleted: Iterable[int] = ()) -> Path:
    """Write records as one of NLM's files; `deleted` are PMIDs."""
    with gzip.open(path, "wb", compresslevel=1) as stream:
        stream.write(_HEAD)
        for record in records:
            stream.write(record + b"\n")
        if gone := [b'<PMID Version="1">%d</PMID>\n' % pmid for pmid in deleted]:
            stream.write(b"<DeleteCitation>\n%s</DeleteCitation>\n" % b"".join(gone))
        stream.write(_END)
    return path


def write_baseline(source: Source, directory: Path, count: int) -> Iterator[Path]:
    """Write the records 0 to `count`, file by file."""
    for number, first in enumerate(range(0, count, PER_FILE), 1):
        numbers = range(first, min(first + PER_FILE, count))
        yield write(
            directory / f"{SERIES}{number:04d}.xml.gz", (source.record(one) for one in numbers)
        )


def day(number: int, size: int, count: int, back: Sequence[float] = ()) -> Day:
    """What day `number` (from 0) brings of `size` records to a baseline of `count`.

    Args:
        number: of the day.
        size: records it brings.
        count: records before the first day.
        back: how far behind the newest record those stand that are touched, as parts of all; over
            all of them where nothing is given.
    """
    new, revised, versions = (round(size * share) for share in (NEW, REVISED, VERSIONS))
    held = count + number * new
    # a step that shares no divisor with their number spreads over all that are held, none twice
    picked = [(number * size + 7919 * place) % held for place in range(size - new)]
    if back:
        steps = range(number * 31, len(back) * size, 7919)
        wanted = (held - 1 - int(back[step % len(back)] * held) for step in steps)
        picked = list(dict.fromkeys(wanted))[: size - new]
    return Day(
        range(held, held + new),
        tuple(picked[:revised]),
        tuple(picked[revised : revised + versions]),
        tuple(picked[revised + versions :]),
    )


def write_day(
    source: Source, directory: Path, number: int, size: int, count: int, *, is_spread: bool = True
) -> Path:
    """Write the update file of a day, numbered after the baseline.

    Args:
        source: of the records.
        directory: of the files.
        number: of the day.
        size: records it brings.
        count: records before the first day.
        is_spread: what it touches stands anywhere among them; else as far back as in the file that
            the records are of, which is as NLM's days are.
    """
    brings = day(number, size, count, () if is_spread else source.back)
    at = _DAY_ONE + timedelta(days=number)
    last = -(-count // PER_FILE)
    records = (
        *(source.record(one) for one in brings.new),
        *(source.record(one, revised=at) for one in brings.revised),
        *(source.record(one, version=2, revised=at) for one in brings.versions),
    )
    deleted = (FIRST_PMID + one for one in brings.deleted)
    return write(directory / f"{SERIES}{last + number + 1:04d}.xml.gz", records, deleted)


def main() -> None:
    """Write the files, and print their names."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("file", type=Path, help="a PubMed .xml.gz")
    parser.add_argument("directory", type=Path)
    parser.add_argument("count", type=int, help="records of the baseline")
    parser.add_argument("--days", type=int, default=0, help="update files (default: none)")
    parser.add_argument("--day-size", type=int, default=3_000, help="records of each")
    parser.add_argument("--short", action="store_true", help="most without abstracts and the like")
    options = parser.parse_args()
    options.directory.mkdir(parents=True, exist_ok=True)
    source = Source(options.file, is_short=options.short)
    for path in write_baseline(source, options.directory, options.count):
        print(path, flush=True)
    for number in range(options.days):
        print(write_day(source, options.directory, number, options.day_size, options.count))


if __name__ == "__main__":
    main()
