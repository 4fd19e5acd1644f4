"""The claim map of a live set: zeros, sentences, groups, the command, the card, refusals."""

from __future__ import annotations

import json
import shutil

import pytest

from pipeline import cli
from pipeline.errors import ConfigurationError
from pipeline.evidence.claims import check_readings
from pipeline.evidence.reference import Reference
from pipeline.outputs import claims, query
from pipeline.outputs import receipt as receipts
from pipeline.outputs.receipt import Receipt
from tests.corpus import article
from tests.handmade import show_database
from tests.in_memory import Warehouse
from tools import claims_page

RECORDS = (
    article(1, "Kratom and pain tolerance: a randomised placebo-controlled trial in patients",
            abstract="We found that kratom raised pain tolerance in patients. It wore off."),
    article(2, "Antinociceptive effect of mitragynine in mice and receptor binding in HEK293 cells",
            types=(("D016428", "Journal Article"), ("D016441", "Retracted Publication"))),
    article(3, "Antinociceptive effect of mitragynine in rats", year=2020),
    article(4, "Antinociceptive effects of kratom: a systematic review"),
)  # fmt: skip


@pytest.fixture(scope="module")
def held() -> Warehouse:
    """One day with RECORDS; no test writes."""
    memory = Warehouse()
    memory.day(*RECORDS)
    return memory


def test_counts_zeros_and_sentences(held) -> None:
    totals = {
        claim: rest
        for claim, *rest in held.ask(
            "SELECT claim, record_count, measured_count, retracted_count, coverage, remark "
            "FROM marts.claim_totals WHERE search = 'kratom'"
        )
    }
    assert totals["analgesia"] == [3, 2, 1, "complete", None]
    assert totals["mood"][:4] == [0, 0, 0, "complete"]
    assert totals["mood"][4] == "No record that the complete search found addresses this."
    assert totals["routes_and_forms"][:4] == [None, None, None, "none"]
    assert totals["safety"][4] == "Shown as its parts, never as one number."
    assert held.ask(
        "SELECT study_type, measured_count, reviewed_count, remark "
        "FROM marts.claims_by_study_type WHERE search = 'kratom' AND claim = 'analgesia' "
        "AND study_type IN ('ANIMAL', 'SR', 'RCT') ORDER BY 1"
    ) == [("ANIMAL", 1, 0, None), ("RCT", 1, 0, None), ("SR", 0, 1, None)]
    assert held.ask(
        "SELECT DISTINCT measured_count, remark FROM marts.claims_by_study_type "
        "WHERE claim IN ('routes_and_forms', 'burden_back_pain')"
    ) == [(None, "not a kratom research question")]
    assert held.ask(
        "SELECT year, measured_count FROM marts.claims_by_study_type_and_year WHERE "
        "search = 'kratom' AND claim = 'analgesia' AND study_type = 'ANIMAL' AND year < 2023 "
        "ORDER BY 1"
    ) == [(2020, 1), (2021, 0), (2022, 0)]
    assert held.ask(
        "SELECT evidence_group, measured_count, beside_count FROM marts.claims_by_group "
        "WHERE search = 'kratom' AND claim = 'analgesia' AND measured_count + beside_count > 0"
    ) == [
        ("Systematic and scoping reviews", 0, 1), ("Randomised trials", 1, 0),
        ("Animal studies", 1, 0),
    ]  # fmt: skip
    assert held.ask(
        "SELECT evidence_groups FROM marts.claim_articles WHERE search = 'kratom' AND pmid = 2 "
        "AND claim = 'analgesia'"
    ) == [(["Animal studies", "Cell, receptor and computational studies"],)]
    assert held.ask(
        "SELECT conclusion, conclusion_source FROM marts.claim_articles "
        "WHERE search = 'kratom' AND claim = 'pain_tolerance'"
    ) == [("It wore off.", "last sentence")]


@pytest.mark.whole
def test_the_command_and_the_card(held, settings, capsys) -> None:
    show_database(settings, held)
    assert cli.main(["claims"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(claims.LOOKED_AT)
    field, article_alone = told.split("What the article asks. ")
    assert "Questions of the field. " in field and "of its questions stand above" in article_alone
    rows = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line[:1].islower()}
    assert rows["analgesia"][:3] == ["*", "2", "2"]
    assert rows["use_for_anxiety"] == ["0", "0", "0"]  # studies, reviews, named: nothing to find
    assert "\ntolerance" in field and "\nexercise" in article_alone and "\nexercise" not in field
    assert cli.main(["claims", "pain_tolerance"]) == 0
    told = capsys.readouterr().out
    assert "Counts: Tolerance or threshold of provoked pain in people" in told
    assert "Does not count: drug tolerance; withdrawal thresholds of animals." in told
    assert "reported (measured, RCT)" in told and "stated: pain tolerance" in told
    assert "Studies that looked at it: 1 (1 reported)" in told
    assert "last sentence: It wore off." in told
    assert cli.main(["claims", "safety.liver", "--json"]) == 0
    claim = json.loads(capsys.readouterr().out)
    assert (claim["record_count"], claim["records"]) == (0, [])
    assert cli.main(["claims", "--next"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["1", "analgesia"]
    assert cli.main(["claims", "nothing"]) == 2
    assert cli.main(["claims", "mood", "--check"]) == 2
    with query.open_published(settings) as con:
        card = claims_page.page(con)
    assert claims.LOOKED_AT in card
    field, said = card.split("## What the article asks")
    assert "### Pain\n" in field and "#### Does tolerance to it develop?" in field
    link = "[Does it raise pain tolerance or threshold in people?]"
    assert f'**{link}(#does-it-raise-pain-tolerance-or-threshold-in-people)** "statis' in said
    assert "**Does it help endurance, strength, fitness or recovery from training?**" in said
    assert (
        "Studies that looked at it: 1 (1 reported). By kind: randomised trials: 1 (1 reported). "
        "Since 2025. No other kind of study."
    ) in card
    assert "Whatever else there is: not known" not in card


def test_a_wrong_quote_stops_a_run_and_a_right_one_is_a_reading(held, tmp_path) -> None:
    memory = Warehouse(held)
    reference = shutil.copytree(memory.reference.directory, tmp_path / "reference")
    row = 'pain_tolerance,{},supports,other population,men,26,"{}",title,,A. Reader,2026-11-24\n'
    readings = reference / "claim_evidence.csv"
    head = readings.read_text()

    def judged(*rows: str) -> None:
        readings.write_text(head + "".join(rows))
        memory.reference = Reference.load(reference)
        memory.judge()

    for pmid, quote, message in (
        (1, "kratom cured", "line 2: the quote is not in the title of PMID 1"),
        (9, "kratom", "line 2: PMID 9 is unknown"),
    ):
        with pytest.raises(ConfigurationError, match=message):
            judged(row.format(pmid, quote))
    judged(row.format(1, "Kratom and ... tolerance"))
    assert memory.ask("SELECT claim, pmid, direction, stale_reason FROM marts.claim_readings") == [
        ("pain_tolerance", 1, "supports", None)
    ]
    memory.build("claim_articles")
    left = [(one["claim"], one["pmid"]) for one in claims.next_to_read(memory.con, "kratom")]
    assert left and ("pain_tolerance", 1) not in left
    # 32607084 stands in known_articles.csv, and this search does not have it
    judged(row.format(1, "Kratom"), row.format(32607084, "Kratom and Pain"))
    memory.build()
    told = Receipt("run", "pubmed", memory.as_of, searches=memory.counts)
    notes = receipts.completed(memory.con, told).notes
    (note,) = (note for note in notes if "reading(s) of claims" in note)
    assert note.startswith("1 reading(s) of claims are of records")
    told = check_readings(memory.con, reference)
    assert "0 stale; 1 not held" in told[0]
    assert told[1].endswith("line 3: pain_tolerance, PMID 32607084: not held here, quote unchecked")
    one = claims.one_text(claims.one(memory.con, "kratom", "pain_tolerance"))
    assert one.count("NOT CHECKED: the record") == 1


FOUND = (
    article(11, "Kratom in mice: a first test",
            abstract="We gave kratom. Kratom did not cause hepatotoxicity in mice.", year=2021),
    article(12, "Kratom and the liver: a case report",
            abstract="A man took kratom. He developed kratom-induced hepatotoxicity.", year=2022),
    article(13, "Kratom-induced hepatotoxicity in rats",
            abstract="Rats had kratom. Kratom caused hepatotoxicity in rats. "
            "No kratom-induced hepatotoxicity was seen at the lowest dose.", year=2022),
    article(14, "A man with hepatitis and kratom: a case report",
            abstract="A man took kratom. His kratom hepatotoxicity was judged unlikely related "
            "to kratom.", year=2023),
    article(15, "Kratom hepatotoxicity: a case report", year=2023),
    article(16, "Kratom hepatotoxicity: a systematic review",
            abstract="We searched PubMed. Kratom caused hepatotoxicity in eight cases.", year=2023),
)  # fmt: skip
FINDINGS_OF_LIVER = (5, 2, 1, 1, 1, 0)


def test_studies_that_looked_are_split_by_what_their_authors_state(memory) -> None:
    memory.day(*FOUND)
    found = memory.ask(
        "SELECT pmid, finding, looked_as, len(finding_words) > 0 FROM marts.claim_articles "
        "WHERE search = 'kratom' AND claim = 'safety.liver' ORDER BY pmid"
    )
    assert found == [
        (11, "not_found", "study", True),
        (12, "reported", "study", True),
        (13, "mixed", "study", True),
        (14, "ruled_out", "study", True),
        (15, "reported", "study", True),
        (16, "reported", "review", True),
    ]
    columns = ", ".join(claims.counts_of("looked").values())
    total = memory.ask(
        f"SELECT {columns}, review_count, review_reported_count FROM marts.claim_totals "
        "WHERE search = 'kratom' AND claim = 'safety.liver'"
    )
    assert total == [(*FINDINGS_OF_LIVER, 1, 1)]
    for table in ("claims_by_group", "claims_by_study_type", "claims_by_study_type_and_year"):
        sums = ", ".join(f"sum({one})" for one in claims.counts_of("looked").values())
        split = memory.ask(
            f"SELECT {sums} FROM marts.{table} WHERE search = 'kratom' "
            "AND claim = 'safety.liver' AND evidence_group <> 'Systematic and scoping reviews'"
        )
        assert split == [FINDINGS_OF_LIVER], table


def test_reports_of_one_study_count_once_with_what_they_state_together(memory) -> None:
    registered = "Registered as NCT01234567. Kratom {} hepatotoxicity in patients."
    memory.day(
        article(21, "Kratom in patients: a randomised trial",
                abstract=registered.format("did not cause"), year=2020),
        article(22, "Kratom in patients: a randomised trial, second year",
                abstract=registered.format("caused"), year=2022),
    )  # fmt: skip
    assert memory.ask(
        "SELECT study_group, finding, pmids, year FROM marts.claim_studies "
        "WHERE search = 'kratom' AND claim = 'safety.liver'"
    ) == [("NCT01234567", "mixed", [21, 22], 2020)]
    assert memory.ask(
        "SELECT held_count, looked_count, looked_mixed_count FROM marts.claim_totals "
        "WHERE search = 'kratom' AND claim = 'safety.liver'"
    ) == [(2, 1, 1)]
    assert memory.ask(
        "SELECT year, looked_count FROM marts.claims_by_study_type_and_year "
        "WHERE search = 'kratom' AND claim = 'safety.liver' AND looked_count > 0"
    ) == [(2020, 1)]


@pytest.mark.parametrize("table", ["claims_by_study_type", "claims_by_study_type_and_year"])
def test_every_cell_opens_to_its_records(table, held) -> None:
    """Each cell holds as many as marts.claim_articles lists behind it, in every search."""
    kinds = ("reported_by_users", "reason_for_use", "reviewed", "mentioned")
    columns = {f"{how}_count": f"counted_as = 'record' AND how = '{how}'" for how in kinds}
    columns["measured_count"] = "counted_as = 'record' AND how IN ('measured', 'observed')"
    columns |= {f"{kind}_count": f"counted_as = '{kind}'" for kind in ("preprint", "retracted")}
    key = "search, claim, study_type" + (", year" if table.endswith("year") else "")
    cells = 0
    for column, condition in columns.items():
        counted = held.ask(
            f"SELECT {key}, {column} FROM marts.{table} WHERE {column} > 0 ORDER BY ALL"
        )
        assert counted == held.ask(
            f"SELECT {key}, count(*) FROM marts.claim_articles WHERE {condition} "
            "GROUP BY ALL ORDER BY ALL"
        )
        cells += len(counted)
    assert cells > 4


def test_every_group_opens_to_its_records_and_every_claim_has_its_rows(held) -> None:
    groups = held.ask(
        "SELECT search, claim, evidence_group, measured_count + beside_count "
        "FROM marts.claims_by_group "
        "WHERE measured_count + beside_count > 0 ORDER BY ALL"
    )
    assert len(groups) > 4
    assert groups == held.ask(
        "SELECT search, claim, evidence_group, count(*) FROM (SELECT search, claim, pmid, "
        "unnest(evidence_groups) AS evidence_group FROM marts.claim_articles "
        "WHERE counted_as = 'record') GROUP BY ALL ORDER BY ALL"
    )
    assert held.ask(
        "SELECT count(DISTINCT claim), count(DISTINCT claim) FILTER (coverage = 'none'), "
        "count(*) FILTER (coverage <> 'complete' AND record_count = 0) FROM marts.claim_totals "
        "WHERE search = 'kratom'"
    ) == [(82, 4, 0)]
    assert held.ask(
        "SELECT DISTINCT kind FROM marts.claim_totals WHERE remark LIKE 'Not a kratom%' ORDER BY 1"
    ) == [("context",), ("product",)]
    for table in ("claims_by_study_type", "claims_by_study_type_and_year", "claims_by_group"):
        missing = held.ask(
            "SELECT claim FROM marts.claim_totals WHERE coverage <> 'none' "
            f"EXCEPT SELECT claim FROM marts.{table}"
        )
        assert missing == [], table
