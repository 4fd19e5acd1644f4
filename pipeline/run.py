"""A run: the handle every step takes, from the lock to the last word in the journal."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, KetumError, exit_code_of
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import Search, Topics
from pipeline.journal import Journal
from pipeline.options import FILES, LIVE, OFFLINE, Options
from pipeline.outputs import sets
from pipeline.outputs.receipt import Receipt
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.client import EutilsClient
from pipeline.pubmed.search import SearchAnswer
from pipeline.settings import PUBMED_ORIGIN, Settings
from pipeline.warehouse import database, lock

log = logging.getLogger("ketum")


@dataclass(eq=False)
class Run:
    """The handle of one run. Steps pass data through it, the raw archive and `con`.

    Attributes:
        run_id: name of its directory under data/runs/.
        as_of: UTC time the run calls now.
        reference: the reference files it judges with.
        archive: the raw store of its origin.
        answers: search to PubMed's answer (empty when reading files).
        translations: how PubMed read each search next to last time (`bounds.check`).
        is_full_read: whether every record is read again, or only what may have changed.
        revised: PubMed's answer to what it modified lately; None on a full read.
        gone: PMIDs that left a search and that PubMed no longer delivers.
        requests: requests sent to PubMed when all records had arrived.
        content_sha256: over everything its judgements and tables depend on.
        is_unchanged: nothing differs from the last run, so its judgements stand.
        receipt: what to tell at the end.
    """

    settings: Settings
    options: Options
    clock: Clock
    run_id: str
    as_of: datetime
    journal: Journal
    archive: Archive
    reference: Reference
    receipt: Receipt
    client: EutilsClient | None = None
    answers: dict[str, SearchAnswer] = field(default_factory=dict)
    translations: dict[str, str | None] = field(default_factory=dict)
    is_full_read: bool = True
    revised: SearchAnswer | None = None
    gone: list[int] = field(default_factory=list)
    requests: int = 0
    content_sha256: str = ""
    is_unchanged: bool = False
    _con: duckdb.DuckDBPyConnection | None = None

    @property
    def topics(self) -> Topics:
        return self.reference.topics

    @property
    def origin(self) -> str:
        return self.journal.origin

    @property
    def mode(self) -> str:
        return self.journal.mode

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The one connection to the warehouse, opened (and made) when first used."""
        if self._con is None:
            self._con = database.connect(self.settings, self.origin, self.as_of)
        return self._con

    @property
    def has_warehouse(self) -> bool:
        return self.settings.warehouse(self.origin).exists()

    @property
    def bounds_apply(self) -> bool:
        """Whether the searches' bounds mean anything: they speak of all of PubMed."""
        return self.origin == PUBMED_ORIGIN

    @property
    def searches(self) -> tuple[Search, ...]:
        """Searches in scope: the live ones, and for files and archives the file ones too."""
        return tuple(
            search
            for search in self.topics.searches
            if search.mode == LIVE or self.origin != PUBMED_ORIGIN
        )

    def close(self) -> None:
        """Roll back what is open and let the warehouse go."""
        if self._con is not None:
            self._con.close()
            self._con = None

    def set_state(self, state: str, verdict: str = "") -> None:
        self.journal.state = state
        self.journal.verdict = verdict or self.journal.verdict
        self.journal.save(self.settings.runs)


@contextmanager
def open_run(options: Options, settings: Settings, clock: Clock | None = None) -> Iterator[Run]:
    """Take the lock, begin a journal, and give the handle; close all in any case.

    Whatever ends the block early rolls the warehouse back and is noted in the journal.

    Raises:
        LockedError: another run is at work.
        ConfigurationError: a reference file, the archive or the warehouse does not fit, the
            warehouse is missing or damaged, `latest` is no link, or a run is dated in the future.
    """
    clock = clock or Clock()
    started = clock.monotonic()
    reference = Reference.load(settings.reference)
    earlier = journals.read_all(settings.runs)
    ahead = journals.ahead(earlier, clock.now())
    as_of = journals.next_time([one for one in earlier if one not in ahead], clock.now())
    run_id = journals.new_run_id(as_of)
    with lock.hold(settings.lock, run_id):
        sets.require_link(settings)
        _leave_no_run_ahead(settings, ahead, clock.now())
        journal = Journal(
            run_id,
            options.origin,
            options.mode,
            as_of.isoformat(),
            options.as_parameters(),
            pid=os.getpid(),
        )
        run = Run(
            settings,
            options,
            clock,
            run_id,
            as_of,
            journal,
            Archive(settings.raw(options.origin)),
            reference,
            Receipt(run_id=run_id, origin=options.origin, as_of=as_of),
        )
        journal.save(settings.runs)
        try:
            _settle_earlier_runs(run)
            _see_that_all_runs_are_held(run)
            journal.previous_published_at = _previous_published_at(run)
            with _source(run):
                yield run
            run.receipt.seconds = clock.monotonic() - started
            journal.receipt = run.receipt.as_dict()
            journal.exit_code = 0
            run.set_state(journal.state, "done")
        except BaseException as error:
            run.close()
            _note_failure(run, error)
            if _is_disk_full(error):
                raise _no_space(settings) from error
            warehouse = settings.warehouse(options.origin)
            if database.is_damage(error, warehouse):
                raise database.damaged(warehouse, options.origin, error) from error
            raise
        finally:
            run.close()


def _note_failure(run: Run, error: BaseException) -> None:
    """Note in the journal how the run ended; what it committed or published stays so."""
    run.journal.exit_code = exit_code_of(error)
    done = run.journal.state in (journals.COMMITTED, journals.PUBLISHED)
    state = run.journal.state if done else journals.FAILED
    try:
        run.set_state(state, str(error) or type(error).__name__)
    except OSError:  # a full disk must not hide why the run ended
        log.warning("The journal of run %s could not be written.", run.run_id)


def _is_disk_full(error: BaseException) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    return isinstance(error, duckdb.Error) and "No space left" in str(error)


def _no_space(settings: Settings) -> KetumError:
    return KetumError(
        f"There is no space left for {settings.data}.",
        effect="What was published before is untouched; what was fetched is kept.",
        next_step="make room (`ketum doctor` shows what is free), then run again.",
    )


def _settle_earlier_runs(run: Run) -> None:
    """Close the journals of dead runs: committed if the warehouse has them, else abandoned."""
    journals.settle(run.settings.runs, run.origin, _held_runs(run), but=run.run_id)


def _held_runs(run: Run) -> set[str]:
    """The runs whose data is in the warehouse."""
    if not run.has_warehouse:
        return set()
    return {row[0] for row in run.con.execute("SELECT run_id FROM ops.runs").fetchall()}


def _see_that_all_runs_are_held(run: Run) -> None:
    """See that warehouse and journals tell of the same runs.

    A new warehouse beside old journals, or an old copy of one, would have forgotten what entered
    and left; a journal that is gone leaves a run in the warehouse that nobody can undo.

    Raises:
        ConfigurationError: they do not.
    """
    told = journals.read_all(run.settings.runs, run.origin)
    committed = {journal.run_id for journal in told if journal.state in journals.DONE}
    held = _held_runs(run)
    rebuild = f"`ketum rebuild --origin {run.origin}`"
    if committed and not run.has_warehouse:
        raise ConfigurationError(
            f"The warehouse of origin {run.origin} is missing, and {len(committed)} run(s) were "
            "committed to it.",
            effect="Nothing changed: in a new one everything would be new once more, and what "
            "left or was retracted before would be unknown.",
            next_step=f"{rebuild}, which makes it anew from the raw archive.",
        )
    if lacking := sorted(committed - held):
        raise ConfigurationError(
            f"The warehouse of origin {run.origin} lacks {len(lacking)} run(s) that were committed "
            f"to it (first: {lacking[0]}), as an older copy would.",
            effect="Nothing changed.",
            next_step=f"{rebuild}, which makes it anew from the raw archive.",
        )
    if unknown := sorted(held - {journal.run_id for journal in told}):
        raise ConfigurationError(
            f"The warehouse of origin {run.origin} holds {len(unknown)} run(s) without a journal "
            f"(first: {unknown[0]}).",
            effect="Nothing changed.",
            next_step=f"restore {run.settings.runs / unknown[0]} from a copy, or do without the "
            f"run: {rebuild} makes the warehouse of the runs that have a journal.",
        )


def _leave_no_run_ahead(settings: Settings, ahead: list[Journal], now: datetime) -> None:
    """Refuse to run after runs that a clock dated in the future; those that failed are set aside.

    Raises:
        ConfigurationError: such a run may have left data: names it and the way back.
    """
    empty = (journals.FAILED, journals.ABANDONED)
    names = [journal.run_id for journal in ahead if journal.state not in empty]
    if names:
        raise ConfigurationError(
            f"Run {names[0]} is dated in the future: this machine's clock says {now} UTC now.",
            effect="Nothing was asked and nothing changed. A run would have to be dated later "
            "still, and would miss what PubMed revised in between.",
            next_step="set the clock if it is behind; if it was ahead then, go back with "
            f"`ketum runs forget {' '.join(names)}`, then the same command again.",
        )
    for journal in ahead:
        log.warning(
            "Run %s failed, and is dated in the future: it was moved to %s.",
            journal.run_id,
            journals.set_aside(settings, journal),
        )


def _previous_published_at(run: Run) -> str | None:
    """as_of of the last published run of this origin, ISO 8601.

    A run that committed and died is published just before this one begins, too late for
    anyone to have read it: what it found is new in this one too.
    """
    published = [
        journal.as_of
        for journal in journals.read_all(run.settings.runs, run.origin)
        if journal.state == journals.PUBLISHED
    ]
    return published[-1] if published else None


@contextmanager
def _source(run: Run) -> Iterator[None]:
    """Give the run its client: live PubMed, or a replay server over the archive."""
    if run.mode == FILES:
        yield
    elif run.mode == OFFLINE:
        from pipeline.replay import Archive as ReplayArchive
        from pipeline.replay import ReplayServer

        directory = run.options.archive_directory
        if not directory.is_dir():
            raise ConfigurationError(
                f"There is no archive at {directory}.",
                effect="Nothing changed.",
                next_step="name a directory of PubMed XML with --archive.",
            )
        with ReplayServer(ReplayArchive.read(directory)) as server:
            run.client = EutilsClient(run.clock, pace_file=None, base_url=server.url)
            yield
    else:
        if run.settings.email is None:
            log.warning(
                "NCBI_EMAIL is not set: requests go without a contact address, so NCBI "
                "cannot write before it blocks."
            )
        run.client = EutilsClient(
            run.clock,
            pace_file=run.settings.pace_file,
            base_url=run.settings.eutils_url,
            email=run.settings.email,
            api_key=run.settings.api_key,
            budget=run.options.max_requests,
        )
        yield
