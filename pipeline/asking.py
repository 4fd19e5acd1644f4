"""Ask PubMed what each search finds now; stop where an answer cannot be right.

An answer is held against the bounds of its search and against the last answer before anything is
fetched for it, and nothing is kept before every search was answered.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.errors import CheckError
from pipeline.pubmed import archive, sync
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import ACCEPTED, FIRST, GROWN, SAME, SearchAnswer, compare, lost_words
from pipeline.pubmed.sync import Held
from pipeline.run import Run
from pipeline.settings import LIVE, PUBMED_ORIGIN
from pipeline.warehouse.searches import LastSearch, Wanted, last_search, read_held

log = logging.getLogger("ketum")

NAMED = 5
"""Warnings named in a receipt; all are kept."""
SHRINKAGE = 0.1
SHRINKAGE_RECORDS = 5
"""A search that loses more than this share, and more records than this, is not believed."""


@dataclass(frozen=True)
class Asked:
    """What PubMed answered; empty where files are read.

    Attributes:
        answers: search to its answer.
        translations: search to how PubMed read it, next to last time (`Verdict`).
        held: what was held of the searches before.
        is_full_read: whether every record is read again, or only what may have changed.
        revised: PubMed's answer to what it modified lately; None on a full read.
        notes: what the reader should know of the answers.
    """

    answers: Mapping[str, SearchAnswer] = field(default_factory=dict)
    translations: Mapping[str, str | None] = field(default_factory=dict)
    held: Held = field(default_factory=Held)
    is_full_read: bool = True
    revised: SearchAnswer | None = None
    notes: tuple[str, ...] = ()

    @property
    def pmids(self) -> dict[str, tuple[int, ...]]:
        """Search to the PMIDs of its answer."""
        return {name: answer.pmids for name, answer in self.answers.items()}


def ask_searches(run: Run, client: EutilsClient) -> Asked:
    """Ask PubMed for the complete answer to each search, and what it modified lately.

    Raises:
        SourceError: no valid answer in time.
        IncompleteError: no two answers in a row were the same.
        CheckError: an answer cannot be right.
        ConfigurationError: this machine's clock is not PubMed's.
    """
    queries = run.queries
    held = read_held(run.con, list(queries)) if run.has_warehouse else Held()
    answers: dict[str, SearchAnswer] = {}
    translations: dict[str, str | None] = {}
    notes: list[str] = []
    for wanted in run.searches:
        name, query = wanted.name, queries[wanted.name]
        answers[name] = sync.ask(client, name, query, held.members(name))
        translations[name] = None
        if run.mode == LIVE:
            sync.check_clock(client.server_time, run.as_of)
        if run.bounds_apply:
            before = last_search(run.con, name, query) if run.has_warehouse else None
            verdict = check(wanted, answers[name], before, accepts=run.options.accept_translation)
            translations[name] = verdict.translation
            notes += verdict.notes
    # an archive is read whole: that is cheap, and people edit files without dating it
    is_full_read = (
        run.origin != PUBMED_ORIGIN or run.options.full or sync.is_full_read_due(held, run.as_of)
    )
    revised = None
    if not is_full_read:
        assert held.last_run_at is not None  # one that read everything came before
        revised = sync.ask_revised(client, list(queries.values()), answers, held.last_run_at)
        is_full_read = revised is None
    for name, answer in answers.items():
        archive.note_search(run.archive, run.run_id, name, answer, translations[name])
    if revised is not None:
        archive.note_revised(run.archive, run.run_id, revised)
    return Asked(answers, translations, held, is_full_read, revised, tuple(notes))


class Verdict(NamedTuple):
    """What is thought of an answer that is accepted.

    Attributes:
        translation: how PubMed read the query, next to last time: first (or another strategy),
            same, grown (it asks for more, which is published with a warning), or accepted (it
            asks for less, or found less, and --accept-translation accepts that).
        notes: what the reader should know, one sentence each.
    """

    translation: str
    notes: list[str]


def check(
    search: Wanted, answer: SearchAnswer, before: LastSearch | None, *, accepts: bool
) -> Verdict:
    """Compare PubMed's answer with the search's bounds and with the last answer.

    With a changed strategy bounds are only reported: the run is a baseline
    (docs/architecture.md).

    Raises:
        CheckError: PubMed reads less than it was asked, or found too little.
    """
    found = len(answer.pmids)
    is_other = before is not None and before.is_other_strategy
    notes = _check_size(search, found, is_baseline=is_other)
    if before is None or is_other:
        lost = [text for text in answer.warnings if text.startswith("FieldNotFound")]
        fault = f"does not know part of it: {'; '.join(lost)}" if lost else ""
        if fault and not accepts:
            raise _changed(search, f"PubMed {fault}")
        if warned := lost_words(answer.warnings):
            notes.append(f"PubMed warned about the search {search.name}: {_some(warned)}.")
        return _verdict(ACCEPTED if fault else FIRST, notes)
    if fault := _fault(search, before, answer):
        if not accepts:
            raise _changed(search, fault)
        return _verdict(ACCEPTED, [*notes, f"Accepted for the search {search.name}: {fault}."])
    change = compare(before.query_translation or "", answer.query_translation)
    if change.is_same:
        return _verdict(SAME, notes)
    more = (
        f"PubMed reads more into the search {search.name} than last time: "
        f"{', '.join(change.added)}."
    )
    return _verdict(GROWN, [*notes, more])


def _verdict(translation: str, notes: list[str]) -> Verdict:
    """A verdict; each of its notes is a warning in the log, too."""
    for sentence in notes:
        log.warning("%s", sentence)
    return Verdict(translation, notes)


def _check_size(search: Wanted, found: int, *, is_baseline: bool) -> list[str]:
    notes = []
    if found < search.minimum:
        fault = f"The search {search.name} found {found} records, fewer than {search.minimum}"
        if not is_baseline:
            raise _stopped(
                fault,
                "run again later; if it stays so, look at the query "
                '(`ketum query "FROM marts.search_log"`) and at data/reference/topics.toml.',
            )
        notes.append(f"{fault}; its strategy has changed, so this is only reported.")
    if search.maximum is not None and found > search.maximum:
        notes.append(f"The search {search.name} found {found} records, more than {search.maximum}.")
    return notes


def _fault(search: Wanted, before: LastSearch, answer: SearchAnswer) -> str:
    """What is wrong with an answer next to the last one to the same query; empty if nothing."""
    found = len(answer.pmids)
    change = compare(before.query_translation or "", answer.query_translation)
    new_warnings = set(lost_words(answer.warnings)) - set(before.warnings)
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
    more = len(texts) - NAMED
    shown = "; ".join(texts[:NAMED])
    return f"{shown}; and {more} more, all in marts.search_log" if more > 0 else shown


def _changed(search: Wanted, fault: str) -> CheckError:
    return _stopped(
        f"The search {search.name} is not what it was: {fault}",
        "look at the query in PubMed and at data/reference/topics.toml; if the change is right, "
        "`ketum update --accept-translation` takes it over, once.",
    )


def _stopped(cause: str, next_step: str) -> CheckError:
    return CheckError(f"{cause}.", effect="Nothing changed.", next_step=next_step)
