"""The independent check of marts.human_experimental: it agrees with the table, and can fail."""

from __future__ import annotations

import gzip

import pytest

from tests.corpus import article, article_set
from tests.evidence.check_human_experiments import Plain, check, read
from tests.in_memory import Warehouse

BY_NLM = (("D016449", "Randomized Controlled Trial"),)
BY_TEXT = "Thirty adults were randomly assigned to kratom tea or placebo. Pain scores were taken."


RECORDS = (
    article(11, "Kratom tea for pain", types=BY_NLM, abstract="Adults had tea."),
    article(12, "Kratom tea in adults with pain", abstract=BY_TEXT),
    article(13, "Kratom for pain: a randomized controlled trial", types=BY_NLM,
            abstract=BY_TEXT + " NCT00000001."),
    article(14, "Kratom for pain: a review of each randomized controlled trial",
            abstract="We searched PubMed."),
    article(15, "Kratom and pain in mice", abstract="Mice were randomly assigned to kratom."),
)  # fmt: skip
"""Trials by tag, by text and by both, a review and a mouse."""


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[int, Plain], Warehouse]:
    """A file of RECORDS as the check reads it, and what became of it."""
    packed = tmp_path_factory.mktemp("checked") / "some.xml.gz"
    packed.write_bytes(gzip.compress(article_set(*RECORDS).encode()))
    memory = Warehouse()
    memory.day(*RECORDS, is_live=False)
    memory.build("human_experimental", "human_experimental_proofs", "possible_human_experimental")
    return read(packed), memory


def test_the_file_is_read_in_its_own_words(checked):
    records, _ = checked
    assert {pmid for pmid, one in records.items() if one.by_nlm} == {11, 13}
    assert {pmid for pmid, one in records.items() if one.by_text} == {12, 13}


def test_every_trial_by_tag_or_text_stands_in_one_line(checked, capsys):
    records, memory = checked
    assert check(records, memory.con) == 0
    assert memory.ask(
        "SELECT unnest(report_pmids) AS pmid FROM marts.human_experimental "
        "WHERE search = 'kratom_pain' ORDER BY pmid"
    ) == [(11,), (12,), (13,)]
    assert "called a trial by NLM: 2, not in exactly one line: []" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("broken", "wrong"),
    [
        ("DELETE FROM marts.human_experimental WHERE list_contains(report_pmids, 11)", 3),
        ("INSERT INTO marts.human_experimental BY NAME SELECT * REPLACE ('again' AS study_group) "
         "FROM marts.human_experimental WHERE search = 'kratom' "
         "AND list_contains(report_pmids, 11)", None),
        ("DELETE FROM marts.human_experimental_proofs WHERE cell = 'registrations'", 3),
        ("UPDATE marts.human_experimental_proofs SET matched_text = 'words of nobody' "
         "WHERE cell = 'sample_size' AND pmid = 12", 1),
    ],
)  # fmt: skip
def test_a_table_that_lost_something_is_told(checked, broken, wrong):
    records, memory = checked
    memory.con.execute("BEGIN")
    try:
        memory.con.execute(broken)
        found = check(records, memory.con)
    finally:
        memory.con.execute("ROLLBACK")
    assert found == wrong if wrong else found > 0
