"""What a run is, fixed when it begins; and its way from the lock to the journal's end."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import EXIT_INTERRUPTED, EXIT_TERMINATED, ConfigurationError, exit_code_of
from pipeline.evidence.reference_files import files_in
from pipeline.journal import Journal
from pipeline.outputs import sets
from pipeline.pubmed.archive import Archive
from pipeline.pubmed.client import EutilsClient
from pipeline.settings import FILES, LIVE, OFFLINE, PUBMED_ORIGIN, Options, Settings
from pipeline.storage import hold_lock, sha256_of
from pipeline.warehouse import breakdowns, fingerprint
from pipeline.warehouse.database import Warehouse
from pipeline.warehouse.searches import Wanted, read_wanted

if TYPE_CHECKING:
    from pipeline.evidence.reference import Reference
    from pipeline.evidence.topics import Topics

log = logging.getLogger("ketum")


@dataclass(frozen=True, eq=False)
class Run:
    """What one run is. What its steps make goes from step to step (`steps.Made`).

    Attributes:
        origin: of its data: `pubmed` or `archive:<name>`.
        mode: live, offline or files.
        parameters: its options, without secrets.
        run_id: name of its directory under data/runs/.
        as_of: UTC time the run calls now.
        reference_directory: where the reference files lie that it judges with.
        load_reference: reads them all, when they are first used.
        previous_published_at: as_of of the last published set of its origin, ISO 8601.
        warehouse: of its origin, opened when first used.
        client: asks PubMed, or what stands in for it; None where files are read.
        kept_set_id: name of the set of a run that is made again (`ketum rebuild`).
        has_same_searches: the warehouse holds the searches of these reference files.
    """

    settings: Settings
    options: Options
    clock: Clock
    origin: str
    mode: str
    parameters: Mapping[str, Any]
    run_id: str
    as_of: datetime
    reference_directory: Path
    load_reference: Callable[[], Reference]
    previous_published_at: str | None
    warehouse: Warehouse
    client: EutilsClient | None = None
    kept_set_id: str | None = None
    has_same_searches: bool = False

    @property
    def archive(self) -> Archive:
        """The raw store of its origin."""
        return Archive(self.settings.raw(self.origin))

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The one connection to the warehouse, opened (and made) when first used."""
        return self.warehouse.con

    @property
    def has_warehouse(self) -> bool:
        return self.warehouse.exists

    @cached_property
    def reference(self) -> Reference:
        """The reference files, compiled: of a run that finds nothing new nobody asks for them."""
        loaded = self.load_reference()
        return replace(loaded, topics=self._searched(loaded.topics)) if self.keeps_all else loaded

    @cached_property
    def topics(self) -> Topics:
        """What they say of topics and searches, without compiling the rest."""
        if "reference" in vars(self):
            return self.reference.topics
        from pipeline.evidence.topics import load_topics

        return self._searched(load_topics(self.reference_directory / "topics.toml"))

    def _searched(self, topics: Topics) -> Topics:
        return topics.with_everything() if self.keeps_all else topics

    @property
    def keeps_all(self) -> bool:
        """Whether its archive keeps every record of its files (`bulk-load --all`)."""
        return bool(self.parameters.get("all"))

    @property
    def bounds_apply(self) -> bool:
        """Whether the searches' bounds mean anything: they speak of all of PubMed."""
        return self.origin == PUBMED_ORIGIN and not self.settings.is_rehearsal

    @cached_property
    def searches(self) -> tuple[Wanted, ...]:
        """Searches in scope: the live ones, and for files and archives the file ones too."""
        if self.has_same_searches and not self.keeps_all:
            wanted = read_wanted(self.con)  # to read topics.toml takes a tenth of a second
        else:
            wanted = [
                Wanted(
                    *(one.name, one.label, one.mode, self.topics.pubmed_query(one.name)),
                    *(one.minimum, one.maximum),
                )
                for one in self.topics.searches
            ]
        return tuple(one for one in wanted if one.mode == LIVE or self.origin != PUBMED_ORIGIN)

    @property
    def queries(self) -> dict[str, str]:
        """Each search in scope with the term that PubMed gets for it."""
        return {search.name: search.query for search in self.searches}


@contextmanager
def open_run(
    options: Options, settings: Settings, clock: Clock | None = None
) -> Iterator[tuple[Run, Journal]]:
    """Take the lock, begin a journal, and say what the run is; close all in any case.

    Whatever ends the block early rolls the warehouse back and is noted in the journal.

    Raises:
        LockedError: another run is at work.
        ConfigurationError: a reference file, the archive or the warehouse does not fit, the
            warehouse is missing or damaged, `latest` is not a link, or a run is dated ahead.
    """
    clock = clock or Clock()
    earlier = journals.read_all(settings.runs)
    known = _last_of_these_files(settings, earlier)
    # a mistake in these files is reported before anything is asked or written
    loaded = None if known else _load_reference(settings, is_known_good=False)
    ahead = journals.ahead(earlier, clock.now())
    as_of = journals.next_time([one for one in earlier if one not in ahead], clock.now())
    run_id = journals.new_run_id(as_of)
    origin = options.origin
    with hold_lock(settings.lock, run_id):
        sets.require_link(settings)
        _leave_no_run_ahead(settings, ahead, clock.now())
        parameters = options.as_parameters()
        if options.mode == LIVE:
            _keep_rehearsals_apart(settings, earlier)
            parameters |= {"rehearsal": True} if settings.is_rehearsal else {}
        journal = Journal(
            run_id, origin, options.mode, as_of.isoformat(), parameters, pid=os.getpid()
        )
        journal.save(settings.runs)
        warehouse = Warehouse(settings, origin, as_of)
        try:
            held = _held_runs(warehouse)
            journals.settle(settings.runs, origin, held, but=run_id)
            own = journals.read_all(settings.runs, origin)
            _see_that_all_runs_are_held(settings, origin, own, held, has_warehouse=warehouse.exists)
            journal.previous_published_at = _previous_published_at(own)
            done = [one for one in own if one.is_done]
            with _source(options, settings, clock) as client:
                run = Run(
                    settings,
                    options,
                    clock,
                    origin,
                    options.mode,
                    journal.parameters,
                    run_id,
                    as_of,
                    settings.reference,
                    lambda: loaded or _load_reference(settings, is_known_good=True),
                    journal.previous_published_at,
                    warehouse,
                    client,
                    has_same_searches=bool(known and done and done[-1].judges_as(known)),
                )
                yield run, journal
            journal.exit_code = 0
            journal.verdict = "done"
            journal.save(settings.runs)
        except BaseException as error:
            warehouse.close()
            cause = breakdowns.refusal(settings.data, error)
            if cause is None and breakdowns.is_damage(error, warehouse.path):
                cause = breakdowns.damaged(warehouse.path, origin, error)
            _note_failure(settings, journal, cause or error)
            if cause:
                raise cause from error
            raise
        finally:
            warehouse.close()


def _last_of_these_files(settings: Settings, earlier: list[Journal]) -> Journal | None:
    """The last run that is done, if it had these very reference files and this very program."""
    done = next((journal for journal in reversed(earlier) if journal.is_done), None)
    if done and done.program == fingerprint.program(settings.sql).hex():
        files = [settings.reference / name for name in files_in(settings.reference)]
        kept = {name: Path(stored).stem for name, stored in done.reference.items()}
        if all(path.is_file() and kept.get(path.name) == sha256_of(path) for path in files):
            return done
    return None


def _load_reference(settings: Settings, *, is_known_good: bool) -> Reference:
    from pipeline.evidence.reference import Reference  # with all that judges

    return Reference.load(settings.reference, is_known_good=is_known_good)


def _note_failure(settings: Settings, journal: Journal, error: BaseException) -> None:
    """Note in the journal how the run ended; what it committed or published stays so."""
    journal.exit_code = exit_code_of(error)
    if not journal.is_done:
        journal.state = journals.FAILED
    stopped = {EXIT_INTERRUPTED: "interrupted", EXIT_TERMINATED: "terminated by a signal"}
    journal.verdict = stopped.get(journal.exit_code) or str(error) or type(error).__name__
    try:
        journal.save(settings.runs)
    except OSError:  # a full disk must not hide why the run ended
        log.warning("The journal of run %s could not be written.", journal.run_id)


def _held_runs(warehouse: Warehouse) -> set[str]:
    """The runs whose data is in the warehouse."""
    if not warehouse.exists:
        return set()
    return {row[0] for row in warehouse.con.execute("SELECT run_id FROM ops.runs").fetchall()}


def _see_that_all_runs_are_held(
    settings: Settings, origin: str, own: list[Journal], held: set[str], *, has_warehouse: bool
) -> None:
    """See that warehouse and journals hold the same runs.

    A new warehouse beside old journals, or an old copy of one, would have forgotten what entered
    and left; a journal that is gone leaves a run in the warehouse that nobody can undo.

    Raises:
        ConfigurationError: they do not.
    """
    committed = {journal.run_id for journal in own if journal.is_done}
    rebuild = f"`ketum rebuild --origin {origin}`"
    if committed and not has_warehouse:
        raise ConfigurationError(
            f"The warehouse of origin {origin} is missing, and {len(committed)} run(s) were "
            "committed to it.",
            effect="Nothing changed: in a new one everything would be new once more, and what "
            "left or was retracted before would be unknown.",
            next_step=f"{rebuild}, which makes it anew from the raw archive.",
        )
    if lacking := sorted(committed - held):
        raise ConfigurationError(
            f"The warehouse of origin {origin} lacks {len(lacking)} run(s) that were committed "
            f"to it (first: {lacking[0]}), as an older copy would.",
            effect="Nothing changed.",
            next_step=f"{rebuild}, which makes it anew from the raw archive.",
        )
    if unknown := sorted(held - {journal.run_id for journal in own}):
        raise ConfigurationError(
            f"The warehouse of origin {origin} holds {len(unknown)} run(s) without a journal "
            f"(first: {unknown[0]}).",
            effect="Nothing changed.",
            next_step=f"restore {settings.runs / unknown[0]} from a copy, or do without the "
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


def _keep_rehearsals_apart(settings: Settings, earlier: list[Journal]) -> None:
    """See that a data directory holds records of PubMed or of a rehearsal, and never both.

    Raises:
        ConfigurationError: it holds the other kind.
    """
    live = [journal for journal in earlier if journal.origin == PUBMED_ORIGIN]
    others = [
        journal
        for journal in live
        if bool(journal.parameters.get("rehearsal")) != settings.is_rehearsal
    ]
    if settings.is_rehearsal:
        log.warning("A rehearsal: records come from %s, not from PubMed.", settings.eutils_url)
    if others:
        held = "of PubMed" if settings.is_rehearsal else "of a rehearsal"
        raise ConfigurationError(
            f"{settings.data} holds records {held} (run {others[0].run_id}), and this run would "
            "bring others.",
            effect="Nothing was asked and nothing changed.",
            next_step="give rehearsals a data directory of their own (KETUM_DATA), without "
            "KETUM_EUTILS_URL elsewhere.",
        )


def _previous_published_at(own: list[Journal]) -> str | None:
    """as_of of the last published run of this origin, ISO 8601.

    A run that committed and died is published just before this one begins, too late for
    anyone to have read it: what it found is new in this one too.
    """
    published = [journal.as_of for journal in own if journal.state == journals.PUBLISHED]
    return published[-1] if published else None


@contextmanager
def _source(options: Options, settings: Settings, clock: Clock) -> Iterator[EutilsClient | None]:
    """A client of live PubMed, or of a replay server over the archive; None for files."""
    if options.mode == FILES:
        yield None
    elif options.mode == OFFLINE:
        from pipeline.replay import Archive as ReplayArchive
        from pipeline.replay import ReplayServer

        directory = options.archive_directory
        if not directory.is_dir():
            raise ConfigurationError(
                f"There is no archive at {directory}.",
                effect="Nothing changed.",
                next_step="name a directory of PubMed XML with --archive.",
            )
        with ReplayServer(ReplayArchive.read(directory)) as server:
            yield EutilsClient(clock, pace_file=None, base_url=server.url)
    else:
        if settings.email is None:
            # advice, and not news of this run: with --quiet, cron would mail it every day
            log.info(
                "NCBI_EMAIL is not set: requests go without a contact address, so NCBI "
                "cannot write before it blocks."
            )
        yield EutilsClient(
            clock,
            pace_file=settings.pace_file,
            base_url=settings.eutils_url,
            email=settings.email,
            api_key=settings.api_key,
            budget=options.max_requests,
        )
