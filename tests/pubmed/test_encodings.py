"""Files that are not UTF-8, or say things at their root: read, and cut out so that they stay so."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline import from_files
from pipeline.errors import SourceError
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.parsing.bytes import sets_of
from pipeline.pubmed.parsing.cutting import extract
from pipeline.pubmed.parsing.reader import Unreadable
from pipeline.pubmed.records import open_records
from pipeline.run import open_run
from pipeline.settings import Options, Settings
from tests import corpus
from tests.pubmed.one_by_one import Record, read_records
from tests.pubmed.test_records import article, file_of, row

TITLE = "Café “kratom” – naïve £"


def encoded(encoding: str, declared: str | None = None, mark: bytes = b"") -> bytes:
    """Two records of PubMed XML in an encoding, the second one plain."""
    text = file_of(article(f"<ArticleTitle>{TITLE}</ArticleTitle>"), article(pmid="102")).decode()
    if encoding == "iso-8859-1":
        text = text.replace("“", "&#8220;").replace("”", "&#8221;").replace("–", "&#8211;")
    said = f'encoding="{declared}"' if declared else ""
    return mark + text.replace('encoding="utf-8"', said).encode(encoding)


ENCODED = [
    encoded("utf-8", "utf-8"),
    encoded("utf-8"),
    encoded("utf-8", "UTF8"),
    encoded("utf-8", "utf-8", b"\xef\xbb\xbf"),
    encoded("utf-8", "iso-8859-1", b"\xef\xbb\xbf"),  # the mark is there, the word may be wrong
    encoded("utf-8", "utf-16"),  # so is the plain text of a file that was converted
    encoded("iso-8859-1", "ISO-8859-1"),
    encoded("windows-1252", "Windows-1252"),
    encoded("utf-16", "UTF-16"),
    encoded("utf-16"),
    encoded("utf-16-le", "UTF-16", b"\xff\xfe"),
    encoded("utf-16-be", "UTF-16", b"\xfe\xff"),
    encoded("utf-16-le", "utf-16le"),
    encoded("utf-16-be", "utf-16be"),
]


@pytest.mark.parametrize("data", ENCODED)
@pytest.mark.parametrize("packed", [False, True])
def test_the_same_values_whatever_the_encoding(data: bytes, packed: bool) -> None:
    first, second = read_records(gzip.compress(data) if packed else data)
    assert isinstance(first, Record) and isinstance(second, Record)
    assert row(first)["title"] == TITLE
    (batch,) = open_records(data)
    assert [found[1] for found in batch.tables["articles"]] == [101, 102]


@pytest.mark.parametrize("data", ENCODED)
def test_what_is_cut_out_means_the_same(data: bytes) -> None:
    place = {"record_no": 0, "raw_offset": 0}
    records = list(read_records(data))
    spans = [(item.offset, item.length) for item in records if isinstance(item, Record)]
    for (head, raw), record in zip(extract(io.BytesIO(data), spans), records, strict=True):
        (again,) = read_records(b"".join(sets_of([(head, raw, True)])))
        assert isinstance(again, Record) and isinstance(record, Record)
        assert {**row(again), **place} == {**row(record), **place}


def test_what_was_set_aside_does_not_join_with_its_neighbour() -> None:
    """A tag of the set within a record makes two pieces, which are a record without that tag."""
    halves = article("<ArticleTitle>a<PubmedArticleSet>b</ArticleTitle>", pmid="7")
    data = file_of(halves, article(pmid="8"))
    items = list(read_records(data))
    odd = [item for item in items if isinstance(item, Unreadable)]
    spans = [(item.offset, len(item.raw)) for item in (odd[0], odd[2])]
    copy = b"".join(sets_of((*piece, False) for piece in extract(io.BytesIO(data), spans)))
    again = list(read_records(copy))
    assert all(isinstance(item, Unreadable) for item in again)
    assert [item.raw for item in again] == [odd[0].raw, odd[2].raw]


def test_nothing_kept_is_an_empty_set() -> None:
    assert list(read_records(b"".join(sets_of([])))) == []


def test_a_byte_that_the_encoding_does_not_have_costs_its_record_only() -> None:
    for data, spoilt in (
        (encoded("windows-1252", "windows-1252"), ("£".encode("cp1252"), b"\x81")),
        (encoded("utf-8", "us-ascii"), (b"", b"")),
        (encoded("utf-8", "utf-8"), ("£".encode(), b"\xa3")),
        (
            encoded("utf-16"),
            ("£".encode("utf-16-le"), "\ud800".encode("utf-16-le", "surrogatepass")),
        ),
    ):
        odd, fine = read_records(data.replace(*spoilt))
        assert isinstance(odd, Unreadable) and isinstance(fine, Record)


def test_half_a_character_at_the_end_is_a_cut() -> None:
    with pytest.raises(SourceError, match="cut or damaged"):
        list(read_records(encoded("utf-16")[:-1]))


def test_an_export_and_a_list_may_come_in_utf_16() -> None:
    export = f"PMID- 501\nTI  - {TITLE}\n"
    listed = f"pmid,doi,year,title\n501,,2020,{TITLE}\n"
    for text in (export, listed):
        (batch,) = open_records(text.encode("utf-16"))
        assert batch.tables["articles"][0][5] == TITLE


def kept(settings: Settings, path: Path) -> list[Any]:
    """What `update --from` puts into the raw archive of a file, as read again."""
    options = Options(from_files=(path,))
    with open_run(options, settings) as (run, _):
        from_files.archive_matching(run)
        (entry,) = run.archive.entries(run.run_id, "records")
        return list(read_records(Archive(run.archive.root).get(entry["object"])))


MML = 'xmlns:mml="http://www.w3.org/1998/Math/MathML"'
XLINK = "xmlns:xlink='http://www.w3.org/1999/xlink'"


def test_files_of_several_heads_are_kept_whole(settings: Settings, tmp_path: Path) -> None:
    """Encodings, prefixes, entities of the file, strays, and a deletion list with a bad number."""
    latin = corpus.article_set(corpus.article(1, "Café au kratom £"))
    latin = latin.replace("utf-8", "iso-8859-1")
    prefixed = corpus.article_set(
        corpus.article(2, "Kratom <mml:mn>7</mml:mn> <i xlink:href='a'>of</i> &beta;"),
        corpus.article(3, "Kratom £"),
    ).replace("<PubmedArticleSet>", f"<PubmedArticleSet {MML} {XLINK}>")
    own = corpus.article_set(
        corpus.article(4, "Kratom &beta;"), "odd < things", corpus.article(5, "Kratom")
    )
    own = own.replace(
        "<PubmedArticleSet>", '<!DOCTYPE PubmedArticleSet [<!ENTITY beta "b">]><PubmedArticleSet>'
    )
    own = own.replace(
        "</PubmedArticleSet>",
        "<DeleteCitation><PMID>8</PMID><PMID>x</PMID></DeleteCitation></PubmedArticleSet>",
    )
    path = tmp_path / "several.xml"
    path.write_bytes(latin.encode("iso-8859-1") + prefixed.encode() + own.encode())
    before, after = list(read_records(path)), kept(settings, path)
    assert len([item for item in before if isinstance(item, Record)]) == 4
    for kind in (Record, Unreadable):
        assert [item.raw for item in after if isinstance(item, kind)] == [
            item.raw for item in before if isinstance(item, kind)
        ]
    titles = [row(item)["title"] for item in after if isinstance(item, Record)]
    assert titles == ["Café au kratom £", "Kratom 7 of β", "Kratom £", "Kratom"]
    assert {item.pmid for item in after if not isinstance(item, Record | Unreadable)} == {8}


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "utf-16"])
def test_update_keeps_records_of_other_encodings(
    settings: Settings, tmp_path: Path, encoding: str
) -> None:
    text = corpus.article_set(corpus.article(1, "Café au kratom"), corpus.article(2, "Tea"))
    path = tmp_path / "other.xml"
    path.write_bytes(text.replace("utf-8", encoding).encode(encoding))
    (record,) = kept(replace(settings), path)
    assert row(record)["title"] == "Café au kratom"
