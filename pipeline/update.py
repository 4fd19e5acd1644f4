"""The steps of an update, in order. Read this file to see the way the data goes.

Two drivers run the same steps: `run_update` here (`ketum update`, no Prefect), and the Prefect
flows in flows/update.py and flows/scheduled.py. What a step does is in steps.py. From load to check
everything happens in one transaction; commit makes it stay, and publishing is a separate,
repeatable step.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

from pipeline import journal as journals
from pipeline import logs, progress, steps
from pipeline import run as runs
from pipeline.clock import Clock
from pipeline.journal import Journal
from pipeline.outputs import publish as publishing
from pipeline.outputs import receipt as receipts
from pipeline.outputs import sets
from pipeline.outputs.parts import Ahead
from pipeline.outputs.receipt import Receipt
from pipeline.run import Run
from pipeline.settings import Options, Settings
from pipeline.steps import Counts, Made, Outcome

log = logging.getLogger("ketum")


class Step(NamedTuple):
    """One step.

    Attributes:
        name: one word.
        does: what it does, in a few.
        work: the function.
        is_replayed: whether `ketum rebuild` does it again from the raw archive.
    """

    name: str
    does: str
    work: Callable[[Run, Made], Outcome]
    is_replayed: bool = True


def _build(run: Run, made: Made) -> Outcome:
    """Make the summary tables; what DuckDB leaves of the processors hashes parts meanwhile."""
    if made.ahead:
        made.ahead.begin()  # beside steps in Python both would wait for its lock
    return steps.build(run, made)


STEPS: tuple[Step, ...] = (
    Step("search", "ask PubMed which records match", steps.search, is_replayed=False),
    Step("fetch", "bring the records into the raw archive", steps.fetch, is_replayed=False),
    Step("parse", "read them into staging tables", steps.parse),
    Step(
        "count", "count all records by year, at PubMed or in files", steps.count, is_replayed=False
    ),
    Step("load", "merge them into core, log what changed", steps.load),
    Step("compare", "see whether anything differs from the last run", steps.compare),
    Step("judge", "decide topics, study types and the rest, with proofs", steps.judge),
    Step("place", "decide which records belong to which search", steps.place),
    Step("note", "write down the run and its searches, complete or not", steps.note),
    Step("build", "make the summary tables", _build),
    Step("check", "run the checks; a failed one undoes everything", steps.check),
    Step("report", "sum up what came and what changed", steps.report),
    Step("commit", "make it stay", steps.commit),
    Step("publish", "write the set and switch latest", steps.publish, is_replayed=False),
)


class Progress:
    """A run under way.

    Attributes:
        run: what it is.
        journal: what it leaves behind; nobody else writes it.
        made: what its steps have made so far.
        steps_begun: how many steps were begun.
        is_done: whether all is written, the journal's last word too.
    """

    def __init__(self, run: Run, journal: Journal, made: Made | None = None) -> None:
        self.run = run
        self.journal = journal
        self.made = made or Made()
        self.steps_begun = 0
        self.is_done = False

    @property
    def receipt(self) -> Receipt:
        """What to tell, once the step `report` has been taken."""
        assert self.made.receipt is not None
        return self.made.receipt

    def take(self, step: Step) -> Counts:
        """Run one step, log a line, and note it in the journal; returns its counts."""
        self.steps_begun += 1
        clock = self.run.clock
        start = clock.monotonic()
        with progress.of(step.name):
            self.made, counted = step.work(self.run, self.made)
        seconds = round(clock.monotonic() - start, 3)
        counts = ", ".join(f"{name} {value}" for name, value in counted.items())
        log.info("%-8s %6.2f s  %s", step.name, seconds, counts)
        self.journal.steps.append({"step": step.name, "seconds": seconds, **counted})
        self.note()
        if self.made.receipt:  # until then nothing is done that a later run must know of
            self.journal.save(self.run.settings.runs)
        return counted

    def note(self) -> None:
        """Bring the journal up to date, with what a later run must know of this one."""
        journal, made = self.journal, self.made
        journal.state = made.state
        journal.reference = dict(made.compared.reference) or journal.reference
        journal.program = made.compared.program or journal.program
        journal.set_id = made.set_id or journal.set_id
        journal.receipt = made.receipt.as_dict() if made.receipt else journal.receipt


@contextmanager
def open_run(
    options: Options, settings: Settings, clock: Clock | None = None
) -> Iterator[Progress]:
    """A new run, under the lock; first publishes what a killed run left unpublished.

    Raises:
        LockedError, ConfigurationError: as `pipeline.run.open_run`.
    """
    clock = clock or Clock()
    start = clock.monotonic()
    with runs.open_run(options, settings, clock) as (run, journal):
        _publish_pending(run)
        way = Progress(run, journal, Made(ahead=Ahead(sets.before(settings, run.origin))))
        with logs.of_run(run.run_id):
            yield way
        if receipt := way.made.receipt:
            receipt = replace(receipt, seconds=clock.monotonic() - start)
            way.made = replace(way.made, receipt=receipt)
            way.note()
    way.is_done = True


def _publish_pending(run: Run) -> None:
    """Publish what an earlier run of this origin committed and did not live to publish."""
    done = journals.read_done(run.settings.runs, run.origin)
    if not done or done[-1].state == journals.PUBLISHED or not run.has_warehouse:
        return
    journal = done[-1]
    log.warning("Publishing what run %s left unpublished.", journal.run_id)
    receipt = Receipt.from_dict(journal.receipt)
    receipt = replace(receipt, tables=receipts.headlines(run.con, receipt.searches))
    receipt = publishing.publish(run.settings, run.con, receipt)
    journal.state, journal.receipt = journals.PUBLISHED, receipt.as_dict()
    journal.save(run.settings.runs)


def run_update(options: Options, settings: Settings, clock: Clock | None = None) -> Receipt:
    """The whole sequence without Prefect; returns the receipt.

    Raises:
        KetumError: with the exit code of the contract; nothing is published then.
    """
    with open_run(options, settings, clock) as way:
        for step in STEPS:
            way.take(step)
    return way.receipt
