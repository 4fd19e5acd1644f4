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
from pipeline.options import Options
from pipeline.outputs.receipt import Receipt
from pipeline.outputs.wording import HumanExperiments, at_most, first_sentence, statement
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer
from pipeline.settings import Settings
from pipeline.update import run_update
from tests.conftest import FakeClock
from tests.corpus import article, write

pytestmark = pytest.mark.whole

TRIAL = (("D016449", "Randomized Controlled Trial"),)
CASE = (("D002363", "Case Reports"),)
RETRACTED = ("D016441", "Retracted Publication")
PAIN = (
    "Forty adults were randomly assigned to kratom tea or placebo. "
    "Pain tolerance in the cold pressor test was measured."
)
MOOD = "Thirty adults were randomly assigned to kratom tea or placebo. Mood was rated."
DECIDED = (
    (1, "study_type", "RCT", "RCT"),  # confirmed, and that pain was measured
    (1, "facet.trial_purpose", "pain_outcome", "pain_outcome"),
    (2, "study_type", "RCT", "RCT"),  # confirmed; nobody has confirmed what was measured
    (4, "study_type", "XSEC", "RCT"),  # read, and found to be no experiment
    (7, "study_type", "RCT", "RCT"),  # confirmed, and retracted
)
RECORDS = (
    article(1, "Kratom tea and pain tolerance: a randomized trial", abstract=PAIN, types=TRIAL),
    article(2, "Kratom tea and mood: a randomized trial", abstract=MOOD, types=TRIAL),
    article(3, "Kratom tea and pain relief: a randomized trial", abstract=PAIN, types=TRIAL),
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
    article(
        7, "Kratom and sleep: a randomized trial", abstract=MOOD, types=(*TRIAL, RETRACTED)
    ),
)  # fmt: skip


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


def test_it_counts_what_a_person_has_confirmed_and_names_the_rest(ran):
    """1 and 2 are confirmed, 3 is not; 4 is none, 5 mentions, 6 hints, 7 is retracted."""
    receipt, _ = ran
    assert receipt.first_sentences[0] == (
        "As of 2026-11-22, search kratom finds 2 records of human experiments with kratom or its "
        "alkaloids that a person has confirmed, in 2 registered or separately reported studies "
        "(confirmed to have measured pain: 1); 1 more not yet checked. 1 further record of human "
        "experiments, not counted here, only mentions kratom or its "
        "alkaloids."
    )


def test_it_stands_alike_on_page_receipt_and_digest(ran):
    receipt, latest = ran
    digest = (latest / "digest.md").read_text(encoding="utf-8")
    page = html.parse(str(latest / "index.html"))
    lead = [p.text_content() for p in page.iterfind(".//p[@class='lead']")]
    assert lead == receipt.first_sentences
    for sentence in receipt.first_sentences:
        assert sentence in receipt.text() and sentence in digest


def test_its_numbers_open_the_records(ran):
    """What page.js lists for each link: the records that carry its mark."""
    _, latest = ran
    marks = "SELECT pmid FROM (SELECT unnest({}) AS pmid FROM marts.human_experimental WHERE {})"
    on_topic = "search = 'kratom' AND is_on_topic"
    assert sql(latest, marks.format("checked_pmids", on_topic) + " ORDER BY 1") == [(1,), (2,)]
    assert sql(latest, marks.format("checked_pmids", f"{on_topic} AND is_pain_checked")) == [(1,)]
    links = html.parse(str(latest / "index.html")).getroot().xpath("//p[@class='lead'][1]//a")
    assert [(a.text, a.get("href").rpartition("mark=")[2]) for a in links] == [
        ("2", "experiment_checked%3Akratom"),
        ("2", "experiment_checked%3Akratom"),
        ("1", "experiment_pain_checked%3Akratom"),
        ("1", "experiment_unchecked%3Akratom"),
        ("1", "experiment_mention%3Akratom"),
    ]


def test_headline_experiments_and_type_table_agree(ran):
    _, latest = ran
    assert sql(
        latest,
        """
        SELECT t.checked_record_count + (t.record_count - t.checked_record_count)
                + t.mention_record_count,
            (SELECT sum(report_count) FROM marts.human_experimental WHERE search = 'kratom'),
            (SELECT sum(record_count) FROM marts.study_type_totals
             WHERE search = 'kratom' AND study_type IN ('RCT', 'NRCT')),
            (SELECT sum(record_count) FROM marts.headline_by_year WHERE search = 'kratom'
             AND evidence_group IN ('Randomised trials',
                'Other trials and human laboratory studies'))
        FROM marts.human_experimental_totals AS t WHERE search = 'kratom'
        """,
    ) == [(4, 4, 4, 4)]


def test_the_review_queue_begins_with_what_is_not_yet_checked(ran):
    _, latest = ran
    reason = "an experiment on people that nobody has checked"
    queue = sql(latest, "SELECT pmid, reason FROM marts.review_queue ORDER BY queue_no")
    assert queue[0] == (3, reason)
    assert [pmid for pmid, why in queue if why == reason] == [3]


def found(
    records: int, checked: int, *, subject: str | None = "kratom or its alkaloids", **rest: object
):
    values = {
        "checked_group_count": checked,
        "checked_pain_group_count": 0,
        "mention_record_count": 0,
        "unread_count": 0,
        "coverage": "complete",
        **rest,
    }
    return first_sentence(
        HumanExperiments(
            search="kratom", subject=subject, record_count=records,
            checked_record_count=checked, as_of_date=date(2026, 11, 22), **values,
        )  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sentence", "part"),
    [
        (found(0, 0), "finds 0 records of human experiments with kratom or its alkaloids that a "
         "person has confirmed; 0 more not yet checked."),
        (found(1, 1), "1 record of human experiments with kratom or its alkaloids that a person "
         "has confirmed, in 1 registered or separately reported study (confirmed to have measured "
         "pain: 0); 0 more not yet checked."),
        (found(5, 0), "finds 0 records of human experiments"),
        (found(5, 0), "; 5 more not yet checked."),
        (found(2, 1, subject=None), "finds 1 record of human experiments that a person has"),
        (found(2, 1, mention_record_count=2), "2 further records of human experiments, not "
         "counted here, only mention kratom or its alkaloids."),
        (found(2, 1, unread_count=2), "2 listed records could not be read."),
        (found(2, 1, coverage="partial", unread_count=None), "search kratom holds 1 record"),
        (found(2, 1, coverage="partial", unread_count=None), "No complete search was made: how "
         "many there are is not known."),
    ],
)  # fmt: skip
def test_what_the_sentence_says(sentence: str, part: str):
    assert part in sentence


@pytest.mark.parametrize("word", ["further", "could not be read", "No complete search", "holds"])
def test_what_the_sentence_does_not_say_without_ground(word: str):
    assert word not in found(2, 1)


@pytest.mark.parametrize(
    ("said", "begins"),
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
def test_what_a_zero_means_stands_beside_it(said: str, begins: str):
    assert said.startswith(begins)
    assert said.endswith("agency reports and most preprints are not searched.")


def test_a_count_of_a_list_with_unread_records_has_an_upper_end():
    assert at_most("3", 0, 3) == "3" and at_most("3", None, 3) == "3"
    assert at_most("3", 1200, 1203) == "3, at most 1,203"
