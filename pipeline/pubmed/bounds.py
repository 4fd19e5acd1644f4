"""Stop a run whose search answer cannot be right, before anything is fetched for it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from pipeline.errors import CheckError
from pipeline.evidence.topics import Search
from pipeline.pubmed import translation
from pipeline.pubmed.search import SearchAnswer
from pipeline.pubmed.translation import ACCEPTED, FIRST, GROWN, SAME
from pipeline.run import Run
from pipeline.warehouse import run_records

log = logging.getLogger("ketum")

TOLD = 5
"""Warnings named in a receipt; all are kept."""
SHRINKAGE = 0.1
SHRINKAGE_RECORDS = 5
"""A search that loses more than this part and more than so many records is not believed."""


def check(run: Run, search: Search, answer: SearchAnswer) -> str | None:
    """Compare an answer with the search's bounds and with the last answer.

    Bounds speak of all of PubMed, so an archive's answers are not held against them. With
    a changed strategy they are only reported: the run is a baseline (docs/architecture.md).

    Returns:
        how PubMed read the query, next to last time: first (or another strategy), same,
        grown (it asks for more, which is published with a warning), or accepted (it asks for
        less, or found less, and --accept-translation lets that stand); None for an archive.

    Raises:
        CheckError: PubMed reads less than it was asked, or found too little.
    """
    if not run.bounds_apply:
        return None
    found = len(answer.pmids)
    before = run_records.last_search(run, search.name)
    is_comparable = before is not None and not before.is_other_strategy
    _check_size(run, search, found, is_baseline=before is not None and not is_comparable)
    if before is None or before.is_other_strategy:
        lost = [text for text in answer.warnings if text.startswith("FieldNotFound")]
        fault = f"does not know part of it: {'; '.join(lost)}" if lost else ""
        if fault and not run.options.accept_translation:
            raise _changed(search, f"PubMed {fault}")
        if warned := translation.lost_words(answer.warnings):
            _tell(run, f"PubMed warned about the search {search.name}: {_some(warned)}.")
        return ACCEPTED if fault else FIRST
    if fault := _fault(search, before, answer):
        if not run.options.accept_translation:
            raise _changed(search, fault)
        _tell(run, f"Accepted for the search {search.name}: {fault}.")
        return ACCEPTED
    change = translation.compare(before.query_translation or "", answer.query_translation)
    if change.is_same:
        return SAME
    _tell(
        run,
        f"PubMed reads more into the search {search.name} than last time: "
        f"{', '.join(change.added)}.",
    )
    return GROWN


def _check_size(run: Run, search: Search, found: int, *, is_baseline: bool) -> None:
    if found < search.minimum:
        fault = f"The search {search.name} found {found} records, fewer than {search.minimum}"
        if not is_baseline:
            raise _stopped(
                fault,
                "run again later; if it stays so, look at the query "
                '(`ketum query "FROM marts.search_log"`) and at data/reference/topics.toml.',
            )
        _tell(run, f"{fault}; its strategy has changed, so this is only reported.")
    if search.maximum is not None and found > search.maximum:
        _tell(run, f"The search {search.name} found {found} records, more than {search.maximum}.")


def _fault(search: Search, before: run_records.LastSearch, answer: SearchAnswer) -> str:
    """What is wrong with an answer next to the last one to the same query; empty if nothing."""
    found = len(answer.pmids)
    change = translation.compare(before.query_translation or "", answer.query_translation)
    new_warnings = set(translation.lost_words(answer.warnings)) - set(before.warnings)
    if change.dropped:
        return f"PubMed no longer reads {', '.join(change.dropped)}"
    if new_warnings:
        return f"PubMed warns as it did not last time: {'; '.join(sorted(new_warnings))}"
    if change.is_restructured:
        return (
            f"PubMed puts the words together in another way: {answer.query_translation!r}, "
            f"after {before.query_translation!r}"
        )
    if change.added and found < before.hit_count:
        return (
            f"PubMed reads more into it ({', '.join(change.added)}) and yet found {found} "
            f"records, after {before.hit_count} last time"
        )
    lost = before.hit_count - found
    if lost > SHRINKAGE_RECORDS and lost > before.hit_count * SHRINKAGE:
        return f"it found {found} records, after {before.hit_count} last time"
    return ""


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - TOLD
    shown = "; ".join(texts[:TOLD])
    return f"{shown}; and {more} more, all in marts.search_log" if more > 0 else shown


def _tell(run: Run, sentence: str) -> None:
    log.warning("%s", sentence)
    run.receipt.notes.append(sentence)


def _changed(search: Search, fault: str) -> CheckError:
    return _stopped(
        f"The search {search.name} is not what it was: {fault}",
        "look at the query in PubMed and at data/reference/topics.toml; if the change is right, "
        "`ketum update --accept-translation` takes it over, once.",
    )


def _stopped(cause: str, next_step: str) -> CheckError:
    return CheckError(f"{cause}.", effect="Nothing changed.", next_step=next_step)
