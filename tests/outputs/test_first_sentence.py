"""The sentences at the top of page, receipt and digest, with records for and against them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pytest
from lxml import html

from pipeline import run as runs
from pipeline.outputs.receipt import Receipt
from pipeline.outputs.wording import Answer, sentence, statement
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

pytestmark = pytest.mark.whole

TRIAL = (("D016449", "Randomized Controlled Trial"),)
CASE = (("D002363", "Case Reports"),)
RETRACTED = ("D016441", "Retracted Publication")
COLD = (
    "Forty adults were randomly assigned to kratom tea or placebo. "
    "Pain tolerance in the cold pressor test was measured. NCT00000001."
)
SORE = (
    "Sixty patients with chronic low back pain were randomly assigned to kratom tea or placebo. "
    "Pain intensity was rated."
)
RELIEF = "Fifty adults were randomly assigned to kratom tea or placebo. Pain relief was rated."
MOOD = "Thirty adults were randomly assigned to kratom tea or placebo. Mood was rated."
DECIDED = (
    (1, "study_type", "RCT", "RCT"),  # confirmed, and that pain was measured: provoked
    (1, "facet.trial_purpose", "pain_outcome", "pain_outcome"),
    (2, "study_type", "RCT", "RCT"),  # confirmed; nobody has decided what was measured
    (4, "study_type", "XSEC", "RCT"),  # read, and found to be no trial
    (7, "study_type", "RCT", "RCT"),  # confirmed, and retracted
    (8, "study_type", "RCT", "RCT"),  # confirmed: patients with pain
    (8, "facet.trial_purpose", "pain_outcome", "pain_outcome"),
    (9, "study_type", "RCT", "RCT"),  # confirmed: whose pain it was is not said
    (9, "facet.trial_purpose", "pain_outcome", "pain_outcome"),
    (10, "study_type", "RCT", "RCT"),  # confirmed, and that something else was measured
    (10, "facet.trial_purpose", "other_efficacy", "other_efficacy"),
)
RECORDS = (
    article(1, "Kratom tea and pain tolerance: a randomized trial", abstract=COLD, types=TRIAL),
    article(2, "Kratom tea and mood: a randomized trial", abstract=MOOD, types=TRIAL),
    article(3, "Kratom tea and pain relief: a randomized trial", abstract=RELIEF, types=TRIAL),
    article(4, "Kratom tea drinkers: a randomized trial", abstract=MOOD, types=TRIAL),
    article(
        5,
        "Loperamide in adults: a randomized trial",
        abstract="Adults were randomly assigned to loperamide or placebo. Background: kratom is "
        "used by some.",
        types=TRIAL,
    ),
    article(
        6,
        "Kratom withdrawal: a case report",
        abstract="A man of 30 took kratom. Trials in which patients were randomly assigned to "
        "kratom or placebo are needed.",
        types=CASE,
    ),
    article(7, "Kratom and sleep: a randomized trial", abstract=MOOD, types=(*TRIAL, RETRACTED)),
    article(8, "Kratom tea in back pain: a randomized trial", abstract=SORE, types=TRIAL),
    article(9, "Kratom tea and relief: a randomized trial", abstract=RELIEF, types=TRIAL),
    article(10, "Kratom tea and calm: a randomized trial", abstract=MOOD, types=TRIAL),
    article(11, "Kratom tea in the cold: a randomized trial", abstract=COLD, types=TRIAL),
)


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[Receipt, Path]:
    """The receipt of a live run with decisions of people, and its published set."""
    base = tmp_path_factory.mktemp("first")
    write(base / "corpus" / "all.xml", *RECORDS)
    shutil.copytree(Settings(data=base).reference, base / "reference")
    with (base / "reference" / "overrides.toml").open("w", encoding="utf-8") as file:
        file.write('version = "1"\n')
        for pmid, field, value, expect in DECIDED:
            file.write(
                f'[[override]]\npmid = {pmid}\nfield = "{field}"\nvalue = "{value}"\n'
                f'expect = "{expect}"\nwho = "A. Reader"\nwhen = 2026-11-01\nwhy = "read"\n'
            )
    with (
        the_database_alone("page"),
        pytest.MonkeyPatch.context() as patch,
        ReplayServer(ReplayArchive.read(base / "corpus")) as server,
    ):
        patch.setattr(runs.Run, "bounds_apply", property(lambda _run: False))
        settings = Settings(data=base / "data", eutils_url=server.url, pace_file=base / "pace")
        receipt = run_update(
            Options(), replace(settings, reference=base / "reference"), FakeClock()
        )
    return receipt, settings.latest.resolve()


def sql(latest: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(latest / "ketum.duckdb"), read_only=True) as con:
        return con.execute(query).fetchall()


END = "Read from titles and abstracts; quality not assessed; trial registries not searched."


def test_it_counts_what_a_person_has_confirmed_and_names_the_rest(ran):
    """1 and 11 are one study; 3 is unchecked, 4, 5 and 6 are no trials of it, 7 is retracted."""
    receipt, _ = ran
    assert receipt.first_sentences[0] == (
        "PubMed, searched completely on 22 November 2026, lists 11 articles on kratom. 5 studies "
        "gave kratom or its alkaloids to people, or watched people take it under study "
        "conditions; 3 measured pain: 1 provoked it in volunteers, 1 studied patients with pain, "
        "1 is unclear from the abstract; whether 1 more did is not yet checked. 1 more is not yet "
        f"checked. {END}"
    )


def test_it_stands_alike_on_page_receipt_digest_and_in_sql(ran):
    receipt, latest = ran
    digest = (latest / "digest.md").read_text(encoding="utf-8")
    page = html.parse(str(latest / "index.html"))
    lead = [p.text_content() for p in page.iterfind(".//p[@class='lead']")]
    assert lead == receipt.first_sentences
    assert sql(latest, "SELECT sentence FROM marts.answer WHERE search <> 'pain'") == [
        (said_first,) for said_first in receipt.first_sentences
    ]
    for said_first in receipt.first_sentences:
        assert said_first in receipt.text() and said_first in digest


@pytest.mark.parametrize(
    ("column", "pmids"),
    [
        ("article", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
        ("study", [1, 2, 8, 9, 10, 11]),
        ("pain", [1, 8, 9, 11]),
        ("provoked", [1, 11]),
        ("patient", [8]),
        ("unclear", [9]),
        ("pain_unchecked", [2]),
        ("unchecked", [3]),
    ],
)
def test_each_number_has_its_records(ran, column: str, pmids: list[int]):
    (found,) = sql(ran[1], f"SELECT {column}_pmids FROM marts.answer WHERE search = 'kratom'")
    assert found == (pmids,)


def test_its_numbers_open_their_records_on_the_page(ran):
    """What page.js lists for each link: the records that carry its mark."""
    links = html.parse(str(ran[1] / "index.html")).getroot().xpath("(//p[@class='lead'])[1]//a")
    assert [(a.text, a.get("href").rpartition("=")[2]) for a in links] == [
        ("11", "all"),
        ("5", "answer_study%3Akratom"),
        ("3", "answer_pain%3Akratom"),
        ("1", "answer_provoked%3Akratom"),
        ("1", "answer_patient%3Akratom"),
        ("1", "answer_unclear%3Akratom"),
        ("1", "answer_pain_unchecked%3Akratom"),
        ("1", "answer_unchecked%3Akratom"),
    ]


def test_its_numbers_are_those_of_sql_on_what_they_rest_on(ran):
    """Counted anew from types, studies, decisions and facets, without the marts in between."""
    _, latest = ran
    assert sql(
        latest,
        """
        WITH trials AS (
            SELECT g.study_group, h.pmid,
                bool_or(o.field = 'study_type') AS is_confirmed,
                coalesce(bool_or(o.value = 'pain_outcome'), false) AS is_pain
            FROM ops.search_hits AS h
            JOIN evidence.article_study_types AS t ON h.pmid = t.pmid AND t.is_primary
                AND t.study_type IN ('RCT', 'NRCT')
            JOIN evidence.article_topics AS k ON h.pmid = k.pmid AND k.topic = 'kratom'
                AND k.level <> 'mention'
            JOIN evidence.study_groups AS g ON h.pmid = g.pmid
            LEFT JOIN evidence.article_flags AS f ON h.pmid = f.pmid
            LEFT JOIN evidence.overrides AS o ON h.pmid = o.pmid
            WHERE h.search = 'kratom' AND NOT coalesce(f.is_retracted, false)
            GROUP BY ALL
        ), studies AS (
            SELECT study_group, bool_or(is_confirmed) AS is_confirmed, bool_or(is_pain) AS is_pain
            FROM trials GROUP BY ALL
        )
        SELECT count(*) FILTER (is_confirmed), count(*) FILTER (is_confirmed AND is_pain),
            count(*) FILTER (is_confirmed IS NOT true)
        FROM studies
        """,
    ) == sql(
        latest,
        "SELECT study_count, pain_study_count, unchecked_study_count FROM marts.answer "
        "WHERE search = 'kratom'",
    )


def test_answer_experiments_and_type_table_agree(ran):
    """Counted, retold elsewhere and left out: every report is in exactly one of these places."""
    _, latest = ran
    assert sql(
        latest,
        """
        SELECT len(a.study_pmids) + len(a.unchecked_pmids) + t.mention_record_count,
            (SELECT sum(report_count) FROM marts.human_experimental WHERE search = 'kratom'),
            (SELECT sum(record_count) FROM marts.study_type_totals
             WHERE search = 'kratom' AND study_type IN ('RCT', 'NRCT')),
            (SELECT sum(record_count) FROM marts.headline_by_year WHERE search = 'kratom'
             AND evidence_group IN ('Randomised trials',
                'Other trials and human laboratory studies'))
        FROM marts.human_experimental_totals AS t JOIN marts.answer AS a USING (search)
        WHERE search = 'kratom'
        """,
    ) == [(8, 8, 8, 8)]


def test_the_review_queue_begins_with_what_is_not_yet_checked(ran):
    _, latest = ran
    reason = "a trial or human laboratory study that nobody has checked"
    queue = sql(latest, "SELECT pmid, reason FROM marts.review_queue ORDER BY queue_no")
    assert queue[0] == (3, reason)
    assert [pmid for pmid, why in queue if why == reason] == [3]


def said(**numbers: object) -> str:
    values = {
        "search": "kratom", "is_headline": True, "label": "Kratom",
        "subject": "kratom or its alkaloids", "source": "pubmed", "coverage": "complete",
        "unread_count": 0, "as_of_date": date(2026, 11, 25), "listed": 748,
        "held": 748, "study": 7, "pain": 2,
        "provoked": 2, "patient": 0, "unclear": 0, "pain_unchecked": 0, "unchecked": 3, **numbers,
    }  # fmt: skip
    return sentence(Answer(**values))  # type: ignore[arg-type]


PARTIAL = {"source": "files", "coverage": "partial", "unread_count": None, "listed": None}
UNREAD = {"coverage": "complete_list", "unread_count": 2, "listed": 750}


def test_the_whole_sentence_of_a_complete_search():
    assert said() == (
        "PubMed, searched completely on 25 November 2026, lists 748 articles on kratom. 7 studies "
        "gave kratom or its alkaloids to people, or watched people take it under study "
        "conditions; 2 measured pain: 2 provoked it in volunteers, 0 studied patients with pain, "
        f"0 are unclear from the abstract. 3 more are not yet checked. {END}"
    )


@pytest.mark.parametrize(
    ("numbers", "part"),
    [
        ({"listed": 1, "study": 0, "unchecked": 0}, "lists 1 article on kratom. 0 studies gave"),
        ({"study": 1, "pain": 1, "provoked": 1}, "1 study gave kratom or its alkaloids to people"),
        ({"unclear": 1}, ", 1 is unclear from the abstract. "),
        ({"pain": 0, "provoked": 0}, "conditions; 0 measured pain. 3 more are"),
        ({"study": 0, "unchecked": 0}, "under study conditions. 0 more are not yet checked."),
        ({"study": 0}, "0 studies are confirmed to have given kratom or its alkaloids to people, "
         "or to have watched people take it under study conditions. 3 are not yet checked."),
        ({"unchecked": 1}, ". 1 more is not yet checked."),
        ({"pain_unchecked": 2}, "; whether 2 more did is not yet checked. 3 more"),
        ({"subject": None, "label": "THC"}, "on THC. 7 studies are trials or human laboratory "
         "studies; 2 measured pain"),
        ({"subject": None, "study": 1, "pain": 1}, "1 study is a trial or human "
         "laboratory study; 1 measured"),
        ({"label": "Kratom and pain"}, "articles on kratom and pain."),
        ({"listed": 1748}, "lists 1,748 articles"),
        ({"source": "replay"}, "A replay server in PubMed's place, searched completely on"),
        (UNREAD, "lists 750 articles on kratom; 2 could not be read. 7 (at most 9) studies gave"),
        (UNREAD, "2 (at most 4) measured pain: 2 (at most 4) provoked it in volunteers, "
         "0 (at most 2) studied patients with pain, 0 (at most 2) are unclear"),
        (UNREAD, "3 (at most 5) more are not yet checked."),
        (PARTIAL, "Not known: the search is incomplete. Among the 748 articles held on kratom, "
         "7 studies gave"),
        ({**PARTIAL, "held": 1}, "Among the 1 article held on kratom,"),
    ],
)  # fmt: skip
def test_what_the_sentence_says(numbers: dict[str, object], part: str):
    assert part in said(**numbers) and said(**numbers).endswith(END)


@pytest.mark.parametrize(
    "words", ["at most", "could not be read", "Not known", "held", "whether", "confirmed", "replay"]
)
def test_what_the_sentence_does_not_say_without_ground(words: str):
    assert words not in said()


def test_what_is_incomplete_is_never_called_searched_or_pubmeds():
    assert "PubMed" not in said(**PARTIAL) and "searched completely" not in said(**PARTIAL)


@pytest.mark.parametrize(
    ("told", "begins"),
    [
        (statement("pubmed", 5, 0), "Complete searches of PubMed; a 0 means that none was found."),
        (statement("pubmed", 5, 2), "PubMed was searched whole, but 2 of the records it lists "
         "could not be read: where a search lists some of them, each of its counts may be as much "
         "higher."),
        (statement("archive:demo", 5, 0), "Demonstration: 5 hand-picked citations. A 0 here says "
         "nothing about the literature."),
        (statement("archive:files", 5, 0), "5 records from local files (archive:files), not from "
         "a complete search."),
    ],
)  # fmt: skip
def test_what_a_zero_means_stands_beside_it(told: str, begins: str):
    assert told.startswith(begins)
    assert told.endswith("agency reports and most preprints are not searched.")
