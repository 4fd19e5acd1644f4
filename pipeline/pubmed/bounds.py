"""Stop a run whose search answer cannot be right, before anything is fetched for it."""

from __future__ import annotations

import logging

from pipeline.errors import CheckError
from pipeline.evidence.topics import Search
from pipeline.pubmed.search import SearchAnswer
from pipeline.run import Run
from pipeline.warehouse import run_records

log = logging.getLogger("ketum")

SHRINKAGE = 0.5
"""A search that finds less than this part of what it found last time is not believed."""


def check(run: Run, search: Search, answer: SearchAnswer) -> None:
    """Compare an answer with the search's bounds and with the last answer.

    Bounds speak of all of PubMed, so an archive's answers are not held against them. With
    a changed strategy they are only reported: the run is a baseline (docs/architecture.md).

    Raises:
        CheckError: PubMed does not know a field of the query, or found far too little.
    """
    if not run.bounds_apply:
        return
    found = len(answer.pmids)
    lost = [warning for warning in answer.warnings if warning.startswith("FieldNotFound")]
    if lost:
        raise _stopped(f"PubMed does not know part of the search {search.name}: {'; '.join(lost)}")
    before, is_changed = run_records.last_answer(run, search.name)
    fault = ""
    if found < search.minimum:
        fault = f"The search {search.name} found {found} records, fewer than {search.minimum}"
    elif before is not None and found < before * SHRINKAGE:
        fault = f"The search {search.name} found {found} records, after {before} last time"
    if fault and not is_changed:
        raise _stopped(fault)
    if fault:
        log.warning("%s; its strategy has changed, so this is only reported.", fault)
    if search.maximum is not None and found > search.maximum:
        log.warning(
            "The search %s found %d records, more than %d.", search.name, found, search.maximum
        )


def _stopped(cause: str) -> CheckError:
    return CheckError(
        f"{cause}.",
        effect="Nothing changed.",
        next_step="run again later; if it stays so, look at the query "
        '(`ketum query "FROM marts.search_log"`) and at data/reference/topics.toml.',
    )
