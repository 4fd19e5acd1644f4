"""The steps of an update, in order. Read this file to see the data's way.

Two drivers run the same steps: `run_update` here (`ketum update`, no Prefect), and
the Prefect flow in flows/update.py. A step takes the run's handle and returns a
small dict of counts. Load, judge, build and check share one transaction, which is
committed only when the checks pass; publishing is a separate, repeatable step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from pipeline import journal as journals
from pipeline import run as runs
from pipeline.clock import Clock
from pipeline.evidence import judge as evidence
from pipeline.evidence import type_changes
from pipeline.options import FILES, Options
from pipeline.outputs import publish as publishing
from pipeline.outputs import receipt as receipts
from pipeline.outputs import tables
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed import bounds, denominators, from_files, ledger, reading, sync
from pipeline.run import Run
from pipeline.settings import Settings
from pipeline.warehouse import checks, load, membership, run_records, stage, unchanged

log = logging.getLogger("ketum")

Counts = dict[str, object]


class Step(NamedTuple):
    """One step: its name, what it does in a few words, and the function."""

    name: str
    does: str
    work: Callable[[Run], Counts]


def search_step(run: Run) -> Counts:
    """Ask PubMed which records match each search now; nothing is kept before all answered."""
    if run.mode == FILES:
        return {"searches": 0}
    assert run.client is not None
    for wanted in run.searches:
        answer = sync.ask(run, wanted.name)
        sync.check_clock(run)
        run.translations[wanted.name] = bounds.check(run, wanted, answer)
        run.answers[wanted.name] = answer
    run.is_full_read = sync.needs_full_read(run)
    if not run.is_full_read:
        run.revised = sync.ask_revised(run)
        run.is_full_read = run.revised is None
    ledger.note_searches(run)
    found: Counts = {name: len(answer.pmids) for name, answer in run.answers.items()}
    return {**found, "requests": run.client.request_count}


def fetch_step(run: Run) -> Counts:
    """Bring what is new, revised, unsettled or vanished into the raw archive, as it came."""
    if run.mode == FILES:
        return from_files.archive_matching(run)
    assert run.client is not None
    plan = sync.plan(run)
    delivered = reading.read(run, plan.wanted, plan.vanished)
    run.gone = sorted(plan.vanished - delivered.pmids)
    run.requests = run.client.request_count
    citations = from_files.archive_citation_list(run)
    ledger.note_fetched(run)
    return {
        "records": len(delivered.pmids),
        "batches": delivered.batches,
        "full_read": run.is_full_read,
        "requests": run.requests,
        "listed_citations": citations,
    }


def parse_step(run: Run) -> Counts:
    """Read the archived bodies of this run into staging tables."""
    stage.create_staging(run.con)
    counts = run_records.stage_entries(run)
    denominators.ask(run)
    return counts


def load_step(run: Run) -> Counts:
    """Open the transaction, merge what was staged into core, and log what changed."""
    run_records.keep_reference_files(run)
    run.con.execute("BEGIN")
    counts = load.merge(run.con, run.as_of)
    denominators.load(run)
    run.receipt.records = counts
    receipts.note_older(run.con, run.receipt)
    return dict(counts)


def judge_step(run: Run) -> Counts:
    """Judge the records that changed, or all of them by other rules, with proofs; then members.

    Memberships come here and not with the load, as they need what the topics matched. On a
    day on which nothing changed, judgements and memberships stand as they are.
    """
    answers = {name: answer.pmids for name, answer in run.answers.items()}
    names = [wanted.name for wanted in run.searches]
    reasons = run_records.entered_reasons(run)
    membership.note_unread(run.con, answers)
    run.content_sha256 = unchanged.content(run)
    run.is_unchanged = run.content_sha256 == unchanged.last_content(run)
    if run.is_unchanged:
        judged: dict[str, int] = {}
        hits = membership.keep(run.con, answers, names, reasons, run.as_of)
    else:
        judged = evidence.judge(run.con, run.reference)
        judged["type_changes"] = type_changes.note(run.con, run.as_of)
        run_records.note_known_articles(run)
        hits = membership.update(run.con, answers, names, reasons, run.gone, run.as_of)
        run_records.note_known_members(run)
    run_records.note_run(run, reasons, hits)
    run.receipt.searches = hits
    run.receipt.requests, run.receipt.is_full_read = run.requests, run.is_full_read
    run.receipt.is_unchanged = run.is_unchanged
    return {**judged, **{name: hit["members"] for name, hit in hits.items()}}


def build_step(run: Run) -> Counts:
    """Make the summary tables."""
    return tables.build(run)


def check_step(run: Run) -> Counts:
    """Run every check; commit if none of severity error has a row, else undo all."""
    warned = checks.run_all(run.con, run.settings.sql)
    receipts.fill(run.con, run.receipt)
    run.journal.receipt = run.receipt.as_dict()
    run.journal.save(run.settings.runs)  # a kill after the commit must find the receipt
    run.con.execute("COMMIT")
    run.set_state(journals.COMMITTED)
    return {"checks": len(checks.files(run.settings.sql)), "warnings": warned}


def publish_step(run: Run) -> Counts:
    """Write a complete new set of outputs and switch `latest` to it."""
    return publishing.publish(run)


STEPS: tuple[Step, ...] = (
    Step("search", "ask PubMed which records match", search_step),
    Step("fetch", "bring the records into the raw archive", fetch_step),
    Step("parse", "read them into staging tables", parse_step),
    Step("load", "merge them into core, log what changed", load_step),
    Step("judge", "decide topics, study types and memberships, with proofs", judge_step),
    Step("build", "make the summary tables", build_step),
    Step("check", "run the checks; commit or undo", check_step),
    Step("publish", "write the set and switch latest", publish_step),
)


@contextmanager
def open_run(options: Options, settings: Settings, clock: Clock | None = None) -> Iterator[Run]:
    """The handle of a new run, under the lock; first publishes what a killed run left unpublished.

    Raises:
        LockedError, ConfigurationError: as `pipeline.run.open_run`.
    """
    with runs.open_run(options, settings, clock) as run:
        publishing.publish_pending(run)
        yield run


def run_step(run: Run, step: Step) -> Counts:
    """Run one step, log a line, and note it in the journal; returns its counts."""
    start = run.clock.monotonic()
    counts = step.work(run)
    seconds = round(run.clock.monotonic() - start, 3)
    told = ", ".join(f"{name} {value}" for name, value in counts.items())
    log.info("%-8s %6.2f s  %s", step.name, seconds, told)
    run.journal.steps.append({"step": step.name, "seconds": seconds, **counts})
    run.journal.save(run.settings.runs)
    return counts


def run_update(options: Options, settings: Settings, clock: Clock | None = None) -> Receipt:
    """The whole sequence without Prefect; returns the receipt.

    Raises:
        KetumError: with the exit code of the contract; nothing is published then.
    """
    with open_run(options, settings, clock) as run:
        for step in STEPS:
            run_step(run, step)
    return run.receipt
