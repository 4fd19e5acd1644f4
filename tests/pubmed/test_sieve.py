"""Reading through the sieve finds what reading everything finds."""

from __future__ import annotations

import gzip
from functools import cache
from io import BytesIO
from typing import NamedTuple

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.evidence.record import read_records as records_of
from pipeline.evidence.topics import Topics, found_by, load_topics
from pipeline.pubmed.parsing.bytes import open_bytes
from pipeline.pubmed.parsing.cutting import Cutter
from pipeline.pubmed.parsing.reader import Unreadable
from pipeline.pubmed.sieve import LONGEST_PASSED, Passed, Sieve
from pipeline.rules.text import Language, load_language
from pipeline.settings import ROOT
from pipeline.warehouse import stage
from tests.conftest import ALL_SLOW
from tests.corpus import article, article_set, some_of
from tests.pubmed.one_by_one import Record, read_records

PLAIN = "Leaves of a tree"


class Wanted(NamedTuple):
    """What is looked for: the part of the reference files that this takes."""

    topics: Topics
    language: Language


@pytest.fixture(scope="module")
def reference() -> Wanted:
    files = ROOT / "data" / "reference"
    return Wanted(load_topics(files / "topics.toml"), load_language(files / "language.toml"))


@pytest.fixture(scope="module")
def sieves(reference: Wanted) -> dict[str, Sieve]:
    phrases = {topic.name: topic.phrases_needed for topic in reference.topics.topics}
    return {
        search.name: Sieve([[phrases[topic] for topic in search.topics]])
        for search in reference.topics.searches
    }


def passed(sieve: Sieve, data: bytes) -> list[Passed | None]:
    with open_bytes(BytesIO(data)) as stream:
        cutter = Cutter(stream)
        return [sieve.passed(cut, cutter.head) for cut in cutter]


def of(record: str) -> bytes:
    return article_set(record).encode()


@pytest.mark.parametrize(
    "title", [PLAIN, "Leaves <i>of</i> a <?x y?>tree", "Salt &amp; \u00c9t\u00e9"]
)
def test_a_record_without_any_phrase_is_passed_over_by_its_number(sieves, title):
    found = passed(sieves["kratom"], of(article(7, title, version=3)))
    assert found == [Passed(7, 3)]


@pytest.mark.parametrize("word", ["Spain", "unpainted"])
def test_a_phrase_inside_another_word_does_not_count(sieves, word):
    """What the rules look for begins where a word begins; addresses in Spain are many."""
    apart = article(7, word).replace("><", ">\n<")
    assert passed(sieves["pain"], of(apart)) == [Passed(7, 1)]


def test_every_phrase_is_looked_for_where_a_word_begins(reference):
    """The sieve relies on it: patterns begin with a boundary, names are compared whole."""
    clauses = [clause for topic in reference.topics.topics for clause in topic.clauses]
    patterns = [
        signal.value
        for clause in clauses
        for signal in clause.rule.signals
        if signal.kind in ("text", "name")
    ]
    assert patterns
    assert [one for one in patterns if not one.startswith(r"\b")] == []


@pytest.mark.parametrize(
    "record",
    [
        article(7, "Kratom in mice"),
        article(7, PLAIN, mesh=(("x", "A"), ("y", "Mitragyna"))).replace("\n", ""),
        article(7, "tea<b>k</b>ratom"),
        article(7, PLAIN, abstract="They chewed KRATOM."),
        article(7, "K<i>ra</i>tom in mice"),
        article(7, "Kra<b><i>tom</i></b> in mice"),
        article(7, "Kra\u00adtom in mice"),
        article(7, "kra\u200btom in mice"),
        article(7, "kra&#8203;tom in mice"),
        article(7, "kra&shy;tom in mice"),
        article(7, "<![CDATA[kratom]]> in mice"),
        article(7, "kra<!-- x -->tom in mice"),
        article(7, "kra<?x y?>tom in mice"),
        article(7, "kra<?x a>b?>tom in mice"),
        article(7, "Biak\u2010biak in mice"),
        article(7, "biak <i>biak</i> in mice"),
        article(7, "biak\n  biak in mice"),
        article(7, PLAIN, mesh=(("D032065", "Mitragyna"),)),
        article(7, PLAIN, mesh=(("", "Mitragyna"),)),
        article(7, "Mitragynine's effects"),
    ],
)
def test_a_record_that_may_match_goes_to_the_parser(sieves, record):
    assert passed(sieves["kratom"], of(record)) == [None]


@pytest.mark.parametrize(
    "record",
    [
        article(7, "<b>Leaves</i> of a tree"),
        article(7, PLAIN).replace(">7</PMID>", ">0</PMID>"),
        article(7, PLAIN).replace(">7</PMID>", ">x</PMID>"),
        article(7, PLAIN).replace(">7</PMID>", "><b>7</b></PMID>"),
        article(7, PLAIN).replace(">7</PMID>", ">99999999999</PMID>"),
        article(7, PLAIN).replace(">7</PMID>", ">7</PMID><PMID>8</PMID>"),
        article(7, PLAIN).replace('<PMID Version="1">7</PMID>', ""),
        article(7, PLAIN).replace('<PMID Version="1">', '<PMID Version="x">'),
        article(7, PLAIN).replace("<PubmedData>", "<MedlineCitation/><PubmedData>"),
        article(7, PLAIN).replace("</Article>", "</Article><Article/>"),
        article(7, PLAIN, abstract="x" * LONGEST_PASSED),
        article(7, "Two &unknown; words"),
        "<PubmedBookArticle><BookDocument><PMID>7</PMID></BookDocument></PubmedBookArticle>",
        "<PubmedArticle><MedlineCitation>",
    ],
)
def test_a_record_that_the_parser_may_refuse_goes_to_it(sieves, record):
    assert passed(sieves["kratom"], of(record)) == [None]


def test_bytes_of_another_encoding_go_to_the_parser(sieves):
    data = article_set(article(7, "Caf\u00e9")).replace("utf-8", "iso-8859-1").encode("iso-8859-1")
    assert passed(sieves["kratom"], data) == [None]


def test_all_topics_of_a_search_must_be_possible(sieves):
    both, one = article(1, "Kratom and pain"), article(2, "Kratom and leaves")
    assert passed(sieves["kratom_pain"], article_set(both, one).encode()) == [None, Passed(2, 1)]


def test_the_wider_of_two_searches_decides(reference):
    phrases = {topic.name: topic.phrases_needed for topic in reference.topics.topics}
    sieve = Sieve([[phrases["kratom"], phrases["pain"]], [phrases["kratom"]]])
    assert passed(sieve, of(article(2, "Kratom and leaves"))) == [None]


def test_a_phrase_is_made_of_small_letters_and_digits():
    with pytest.raises(ValueError, match="small letters"):
        Sieve([[frozenset({"a.b"})]])


WORDS = st.sampled_from(
    [
        "kratom", "Kratom", "kra<i>tom</i>", "Spain", "s<i>pain</i>",
        "mitra\u00adgynine", "biak", "biak-biak", "krypton",
        "herbal", "pain", "hot plate", "hot-<b>plate</b>", "&amp;", "&beta;", "&#107;ratom", "<b>",
        "</b>", "\u00c9", "<!-- x -->", "leaf", "cold pressor", "tail\u2013flick",
        "analg<sub>e</sub>s",
    ]
)  # fmt: skip


@settings(max_examples=30)
@given(st.lists(st.lists(WORDS, max_size=6), min_size=1, max_size=4))
def test_nothing_is_lost_whatever_a_record_says(reference, sieves, texts):
    """What is passed over is read by the parser, under the same number, and matches nothing."""
    records = [article(number, " ".join(words)) for number, words in enumerate(texts, 1)]
    data = article_set(*records).encode()
    matching = matched(reference, data)
    read = [item for item in read_records(data) if isinstance(item, Record | Unreadable)]
    for name, sieve in sieves.items():
        for item, found in zip(read, passed(sieve, data), strict=True):
            if found is not None:
                assert isinstance(item, Record)
                assert (item.pmid, item.pmid_version) == found
                assert item.record_no not in matching[name]


@cache
def staging() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    stage.create_staging(con)
    return con


def matched(reference: Wanted, data: bytes) -> dict[str, set[int]]:
    """Numbers of the records that each search matches when all are read."""
    con = staging()
    stage.stage_file(con, data, raw_file=None, stamp="")
    records = [one for batch in records_of(con, "staging.keyed") for one in batch]
    stage.empty_staging(con)
    return {
        search.name: set(found_by([search], reference.topics, reference.language, records))
        for search in reference.topics.searches
    }


@pytest.mark.slow
def test_nothing_of_a_whole_file_is_lost(reference, sieves, shared):
    """All of its records, or the first of them in .ci/run."""
    path = shared / "pubmed" / "pubmed21n1298.xml.gz"
    data = gzip.decompress(path.read_bytes()) if ALL_SLOW else some_of(path)
    matching = matched(reference, data)
    numbers = {
        item.offset: item for item in read_records(data) if isinstance(item, Record | Unreadable)
    }
    with open_bytes(BytesIO(data)) as stream:
        cutter = Cutter(stream)
        for cut in cutter:
            item = numbers.get(cut.offset)
            for name, sieve in sieves.items():
                found = sieve.passed(cut, cutter.head)
                if found is None:
                    continue
                assert isinstance(item, Record)
                assert (item.pmid, item.pmid_version) == found
                assert item.record_no not in matching[name]
    assert matching["kratom"] and matching["pain"]
