"""Answers NCBI really gave (../shared/eutils): each is read, or refused as what it is.

For each file: what the HTTP answer, read as a search and read as records, comes to. A
number is the count of a search that was read; `final` is a refusal, `again` a repetition,
`key` a matter of configuration, `set` a whole (here: empty) set of records.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest

from pipeline.errors import ConfigurationError
from pipeline.pubmed.search import WHOLE, read_page
from pipeline.pubmed.sync import check_set
from pipeline.pubmed.verdict import PermanentAnswer, TransientAnswer, check_http
from tests.conftest import SHARED

AGAIN, FINAL, KEY, GOOD, SET = "again", "final", "key", "good", "set"
OTHER_TOOL = (GOOD, AGAIN, AGAIN)

VERDICTS: dict[str, tuple[object, object, object]] = {
    # file: as HTTP, as a search, as records
    "400_api_key_invalid.json": (KEY, AGAIN, AGAIN),
    "429_rate_limit.json": (AGAIN, AGAIN, AGAIN),
    "efetch_200_unable_to_obtain_query.xml": (GOOD, AGAIN, AGAIN),
    "efetch_200_unknown_pmid_empty_set.xml": (GOOD, AGAIN, SET),
    "efetch_400_external_viewer_timeout.xml": (AGAIN, AGAIN, AGAIN),
    "efetch_400_id_list_empty.xml": (FINAL, FINAL, FINAL),
    "efetch_history_error__db_sra_2020.xml": (GOOD, AGAIN, AGAIN),
    "elink_backend_outage__status_unclear.json": (AGAIN, AGAIN, AGAIN),
    "esearch_json_500_backend__http200.json": (AGAIN, AGAIN, AGAIN),
    "esearch_json_ok__db_pmc.json": (AGAIN, AGAIN, AGAIN),
    "esearch_json_retstart_9999__http200_INVALID_JSON.txt": (FINAL, AGAIN, AGAIN),
    "esearch_json_zero__SHAPE_ONLY.json": (AGAIN, AGAIN, AGAIN),
    "esearch_json_zero__db_nucleotide.json": (AGAIN, AGAIN, AGAIN),
    "esearch_xml_retmax_clamped.xml": OTHER_TOOL,  # a fragment, with remarks around it
    "esummary_200_invalid_uid.json": (FINAL, AGAIN, AGAIN),
    "esummary_200_missing_uid.json": (AGAIN, AGAIN, AGAIN),
    "esummary_200_too_many_uids.json": (FINAL, AGAIN, AGAIN),
    "einfo2.xml": OTHER_TOOL,
    **{f"elink{n}.xml": OTHER_TOOL for n in range(1, 9)},
    "epost1.xml": OTHER_TOOL,
    "epost2.xml": (GOOD, FINAL, FINAL),
    "epost3.xml": OTHER_TOOL,
    "esearch1.xml": (GOOD, 63, AGAIN),
    "esearch2.xml": (GOOD, 42249, AGAIN),
    "esearch3.xml": OTHER_TOOL,  # a later page: not what was asked for
    "esearch5.xml": (GOOD, 5, AGAIN),
    "esearch6.xml": OTHER_TOOL,  # of other databases: their ids are no PMIDs
    "esearch7.xml": OTHER_TOOL,
    "esearch8.xml": (GOOD, 0, AGAIN),
    "espell.xml": OTHER_TOOL,
    **{f"esummary{n}.xml": OTHER_TOOL for n in (1, 3, 4, 5, 6, 8, 9)},
}


def verdict(work: Callable[[], object]) -> object:
    try:
        return work()
    except TransientAnswer:
        return AGAIN
    except PermanentAnswer:
        return FINAL
    except ConfigurationError:
        return KEY


@pytest.mark.parametrize("name", VERDICTS)
def test_a_real_answer_is_taken_for_what_it_is(name, shared):
    (path,) = (shared / "eutils").glob(f"*/{name}")
    body = path.read_bytes()
    status = int(found[1]) if (found := re.search(r"(?:^|_)([2-5]\d\d)_", name)) else 200
    now = datetime(2026, 11, 24)

    def as_records() -> str:
        assert check_set([])(body) == body
        return SET

    assert (
        verdict(lambda: check_http(status, {}, body, now) or GOOD),
        verdict(lambda: read_page(body, WHOLE, {}, now).count),
        verdict(as_records),
    ) == VERDICTS[name]


def test_no_captured_answer_is_left_out(shared):
    there = {
        p.name for folder in ("bodies", "captured") for p in (shared / "eutils" / folder).iterdir()
    }
    assert there == set(VERDICTS)


@pytest.mark.parametrize("name", ["1000", "18393105", "20301546", "37909814"])
def test_a_real_efetch_answer_is_whole_for_its_pmid_only(name, shared):
    body = (SHARED / "pubmed" / "efetch" / f"{name}.xml").read_bytes()
    assert check_set([int(name)])(body) == body
    with pytest.raises(TransientAnswer, match="not complete"):
        check_set([int(name)])(body[: len(body) - 25])
    if name != "37909814":  # the empty set of a deleted record
        with pytest.raises(TransientAnswer, match="not asked for"):
            check_set([int(name) + 1])(body)
