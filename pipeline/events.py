"""What people should hear of, and the outbox in which it waits until it is sent."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import EXIT_INTERRUPTED
from pipeline.outputs import sets
from pipeline.outputs.manifest import Manifest, OddManifestError
from pipeline.settings import ROOT, Settings, environment_of_others
from pipeline.storage import for_duckdb, write_atomically
from pipeline.warehouse.database import ALONE

# -- Events: noted on disk first, then sent, each one once
#
# A file for each event, named by its key, from the moment it is seen: `waiting` until every address
# took it, then `sent`. A crash between sending and noting that sends it again, under the same key,
# so that nothing is lost; an event that was noted once is never noted again.

log = logging.getLogger("ketum")

FILE = "ketum.toml"
"""In the data directory: `[notify]` says who is notified."""
SECONDS = 60.0
"""That a run waits for the process that sends."""
KNOWN, WAITING, SENT = "known", "waiting", "sent"


@dataclass(frozen=True)
class Event:
    """Something that people should hear of.

    Attributes:
        key: the same for the same event, whoever sees it and how often.
        kind: failure, silence, safety or experiment.
        title: one line.
        text: what happened, and what to do.
    """

    key: str
    kind: str
    title: str
    text: str


class Outbox:
    """The events of a data directory.

    Args:
        directory: where their files are; made when the first is noted.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def knows(self, key: str) -> bool:
        """Whether an event of this key was ever noted."""
        return self._path(key).exists()

    def note(self, events: Iterable[Event], now: datetime, *, as_known: bool = False) -> int:
        """Note events that were not noted before; returns how many.

        Args:
            events: what was seen.
            now: UTC time.
            as_known: note them as known, and send nothing: they were there before anybody asked.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        count = 0
        for event in events:
            if not self.knows(event.key):
                self._write(event, KNOWN if as_known else WAITING, [], now.isoformat())
                count += 1
        return count

    def waiting(self) -> list[Event]:
        """Events that not every address took yet, oldest first."""
        return [event for event, _, _ in self._read_waiting()]

    def deliver(self, senders: dict[str, Callable[[Event], bool]]) -> int:
        """Send what waits to each address that did not take it yet.

        Args:
            senders: by a name that stays the same; each returns whether the address took it.

        Returns:
            how many events still wait.
        """
        left = 0
        for event, taken, noted_at in self._read_waiting():
            for name, send in senders.items():
                if name not in taken and send(event):
                    taken.append(name)
                    self._write(event, WAITING, taken, noted_at)
            if set(senders) <= set(taken):
                self._write(event, SENT, taken, noted_at)
            else:
                left += 1
        return left

    def _read_waiting(self) -> list[tuple[Event, list[str], str]]:
        found = []
        for path in self.directory.glob("*.json"):
            try:
                held = json.loads(path.read_text(encoding="utf-8"))
                if held.pop("state") != WAITING:
                    continue
                taken, noted_at = list(held.pop("taken")), str(held.pop("noted_at"))
                found.append((Event(**held), taken, noted_at))
            except (ValueError, KeyError, TypeError):
                log.warning("%s is not an event of ketum's; it is left out.", path)
        return sorted(found, key=lambda entry: (entry[2], entry[0].key))

    def _path(self, key: str) -> Path:
        return self.directory / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"

    def _write(self, event: Event, state: str, taken: list[str], noted_at: str) -> None:
        held = {**asdict(event), "state": state, "taken": taken, "noted_at": noted_at}
        body = json.dumps(held, indent=1, ensure_ascii=False)
        write_atomically(self._path(event.key), body.encode("utf-8", "backslashreplace"))


# -- What somebody should know of: failed runs, silence, warnings about records, candidates
#
# Everything is read from what is on disk, journals and the published set, so that an event is seen
# by whoever looks next even if the run itself was killed.

FAILURE, SILENCE, SAFETY, EXPERIMENT = "failure", "silence", "safety", "experiment"
KINDS = (FAILURE, SILENCE, SAFETY, EXPERIMENT)
OF_A_SET = (SAFETY, EXPERIMENT)
LOOK_BACK_DAYS = 30
"""Failures longer ago are not reported."""

_WARNINGS = {
    "RetractionIn": "was retracted",
    "RetractedandRepublishedIn": "was retracted and published again",
    "PartialRetractionIn": "was retracted in part",
    "ExpressionOfConcernIn": "has an expression of concern",
    "ErratumIn": "was corrected",
    "CorrectedandRepublishedIn": "was corrected and published again",
}


def see(settings: Settings, clock: Clock, silent_hours: int) -> list[Event]:
    """All events that can be seen now, also those that were sent before.

    Args:
        settings: where journals and sets are.
        clock: the time.
        silent_hours: without a new set for so long, that is an event.
    """
    found = failures(settings, clock)
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        return found  # `ketum status` says that, and so does the next run
    if held is None:
        return found
    found += silence(held, clock, silent_hours)
    database = settings.latest.resolve() / "ketum.duckdb"
    with (
        suppress(duckdb.Error),
        duckdb.connect(for_duckdb(database), read_only=True, config=ALONE) as con,
    ):
        found += warnings(con) + experiments(con)
    return found


def failures(settings: Settings, clock: Clock) -> list[Event]:
    """Runs that published nothing; a failure is reported even if a later run was published."""
    since = clock.now() - timedelta(days=LOOK_BACK_DAYS)
    return [
        Event(
            f"failure:{journal.run_id}",
            FAILURE,
            f"ketum: the run of {journal.time:%d %B %Y, %H:%M} UTC failed",
            f"{journal.verdict}\n\nRun {journal.run_id}, exit code {journal.exit_code}. What was "
            "published before stands.",
        )
        for journal in journals.read_all(settings.runs)
        if journal.state in (journals.FAILED, journals.ABANDONED)
        and journal.time > since
        and journal.exit_code != EXIT_INTERRUPTED  # whoever did that knows
    ]


def silence(held: Manifest, clock: Clock, silent_hours: int) -> list[Event]:
    """Whether nothing new was published for too long, said once of each set."""
    age = clock.now() - held.as_of
    if age < timedelta(hours=silent_hours):
        return []
    hours = age // timedelta(hours=1)
    return [
        Event(
            f"silence:{held.set_id}",
            SILENCE,
            f"ketum: nothing was published for {hours} hours",
            f"The latest set is {held.set_id}. Readers see data of {held.as_of:%d %B %Y}. Next: "
            "`ketum status`, then look at the scheduler.",
        )
    ]


def warnings(con: duckdb.DuckDBPyConnection) -> list[Event]:
    """Retractions, corrections and expressions of concern among the members of any search."""
    rows = con.execute(
        """
        SELECT DISTINCT l.ref_type, a.pmid, a.citation, l.linked_pmid, l.ref_source
        FROM core.article_links AS l
        INNER JOIN marts.articles AS a ON l.pmid = a.pmid
        INNER JOIN ops.search_hits AS h ON a.pmid = h.pmid AND h.left_at IS NULL
        WHERE list_contains(?, l.ref_type)
        UNION
        SELECT 'RetractionIn', r.pmid, r.citation, NULL, NULL
        FROM marts.retractions AS r
        WHERE r.notice_source IS NULL AND r.notice_pmid IS NULL
        ORDER BY ALL
        """,
        [list(_WARNINGS)],
    ).fetchall()
    return [
        Event(
            f"safety:{kind}:{pmid}:{linked or source or ''}",
            SAFETY,
            f"ketum: PMID {pmid} {_WARNINGS[kind]}",
            f"{citation}\n\n{_WARNINGS[kind].capitalize()}"
            + (f": {source}" if source else "")
            + f".\nhttps://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        )
        for kind, pmid, citation, linked, source in rows
    ]


def experiments(con: duckdb.DuckDBPyConnection) -> list[Event]:
    """What the rules take for trials and human laboratory studies, and nobody has checked."""
    rows = con.execute(
        """
        SELECT DISTINCT a.pmid, a.citation, a.study_type
        FROM marts.human_experimental AS e
        CROSS JOIN unnest(e.report_pmids) AS reports (pmid)
        INNER JOIN marts.articles AS a ON reports.pmid = a.pmid
        WHERE NOT a.is_checked
        ORDER BY a.pmid
        """
    ).fetchall()
    return [
        Event(
            f"experiment:{pmid}",
            EXPERIMENT,
            f"ketum: PMID {pmid} may be a trial or human laboratory study",
            f"{citation}\n\nBy rules ({kind}); nobody has checked it: `ketum explain {pmid}` shows "
            f"the words.\nhttps://pubmed.ncbi.nlm.nih.gov/{pmid}/",
        )
        for pmid, citation, kind in rows
    ]


def origin_shown(settings: Settings) -> str | None:
    """The origin of the set that `latest` shows; None if it shows none."""
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError:
        return None
    return held.origin if held else None


def after_run(settings: Settings, *, is_published: bool) -> None:
    """Send in a process of its own, with a time limit; whatever goes wrong is only logged."""
    try:
        if not (settings.data / FILE).exists():
            return
        subprocess.run(
            [sys.executable, "-m", "pipeline.notify", *(["--published"] if is_published else [])],
            cwd=ROOT,
            env={**environment_of_others(), "KETUM_DATA": str(settings.data)},
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        log.warning(
            "Nobody could be notified (%s); the next run tries again.", type(error).__name__
        )
