"""The journal of a run: data/runs/<run_id>/run.json, outside the database.

It is written whole and atomically when a run begins, before its commit, at each change of state
after that, and when it ends, so that `status` and `doctor` can tell what happened without opening
the warehouse, and so that a later run or `ketum rebuild` knows the times and parameters of every
run before it.
"""

from __future__ import annotations

import json
import logging
import secrets
import shutil
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.clock import TOLERANCE
from pipeline.errors import ConfigurationError
from pipeline.settings import Settings
from pipeline.storage import write_atomically

log = logging.getLogger("ketum")

RUNNING = "running"
COMMITTED = "committed"
PUBLISHED = "published"
FAILED = "failed"
ABANDONED = "abandoned"

DONE = (COMMITTED, PUBLISHED)
"""States of runs whose data is in the warehouse."""


@dataclass
class Journal:
    """The options of one run, what it did, and how it ended.

    Attributes:
        as_of: UTC time the run calls now, ISO 8601; later than that of any run before it.
        parameters: its options, without secrets.
        state: running, committed (data is in the warehouse), published, failed or abandoned.
        steps: per finished step its name, counts and seconds.
        reference: name of each reference file to where the raw archive keeps it.
        program: fingerprint of the program that read them (`fingerprint.program`).
        verdict: one line on how it ended.
    """

    run_id: str
    origin: str
    mode: str
    as_of: str
    parameters: dict[str, Any]
    state: str = RUNNING
    pid: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)
    reference: dict[str, str] = field(default_factory=dict)
    program: str = ""
    previous_published_at: str | None = None
    set_id: str | None = None
    exit_code: int | None = None
    verdict: str = ""
    receipt: dict[str, Any] = field(default_factory=dict)

    @property
    def time(self) -> datetime:
        """`as_of` as a naive UTC datetime."""
        return datetime.fromisoformat(self.as_of)

    @property
    def is_done(self) -> bool:
        """Whether the run committed its data, published or not."""
        return self.state in DONE

    def judges_as(self, other: Journal) -> bool:
        """Whether both runs judged by the same program and reference files."""
        return (self.program, self.reference) == (other.program, other.reference)

    def save(self, runs: Path) -> None:
        body = json.dumps(asdict(self), indent=1, ensure_ascii=False, default=str)
        write_atomically(runs / self.run_id / "run.json", body.encode("utf-8", "backslashreplace"))


def read_all(
    runs: Path, origin: str | None = None, *, must_be_whole: bool = False
) -> list[Journal]:
    """Every journal, oldest first; of one origin if given.

    Args:
        runs: directory of the runs.
        origin: only these.
        must_be_whole: refuse a journal that cannot be read, instead of leaving it out.

    Raises:
        ConfigurationError: a journal cannot be read, and none may be missing.
    """
    found = []
    for path in runs.glob("*/run.json"):
        try:
            journal = Journal(**json.loads(path.read_text(encoding="utf-8")))
            if journal.time.tzinfo is not None or journal.run_id != path.parent.name:
                raise ValueError
        except (ValueError, TypeError):
            if must_be_whole:
                raise ConfigurationError(
                    f"The journal {path} cannot be read.",
                    effect="Nothing changed.",
                    next_step="restore it from a copy; without it the run's times are lost.",
                ) from None
            log.warning("The journal %s cannot be read; it is left out.", path)
            continue
        if origin is None or journal.origin == origin:
            found.append(journal)
    return sorted(found, key=lambda journal: (journal.as_of, journal.run_id))


def read_done(
    runs: Path, origin: str | None = None, *, must_be_whole: bool = False
) -> list[Journal]:
    """The journals of runs that committed their data, as `read_all` gives them."""
    found = read_all(runs, origin, must_be_whole=must_be_whole)
    return [journal for journal in found if journal.is_done]


def settle(runs: Path, origin: str, committed: Container[str], *, but: str = "") -> None:
    """Close the journals of dead runs, also of those that failed right after their commit.

    Args:
        runs: directory of the runs.
        origin: of the runs.
        committed: run ids the warehouse of the origin holds; other dead runs are abandoned.
        but: the run that is at work now.
    """
    for journal in read_all(runs, origin):
        is_held = journal.run_id in committed
        if journal.run_id == but or journal.is_done:
            continue
        if journal.state != RUNNING and not is_held:
            continue
        journal.state = COMMITTED if is_held else ABANDONED
        journal.verdict = journal.verdict or "its process ended without a word"
        journal.save(runs)
        log.warning("An earlier run (%s) was cut off: %s.", journal.run_id, journal.state)


def set_aside(settings: Settings, journal: Journal) -> Path:
    """Move the journal and the ledger of a run to data/forgotten/RUN, where no run looks.

    The bodies it brought stay in the raw archive. Cut off, it can be done again.

    Returns:
        the directory they were moved to.
    """
    target = settings.data / "forgotten" / journal.run_id
    target.mkdir(parents=True, exist_ok=True)
    ledger = settings.raw(journal.origin) / "runs" / f"{journal.run_id}.jsonl"
    if ledger.exists():
        ledger.replace(target / "ledger.jsonl")
    (settings.runs / journal.run_id / "run.json").replace(target / "run.json")
    shutil.rmtree(settings.runs / journal.run_id)
    return target


def ahead(journals: list[Journal], now: datetime) -> list[Journal]:
    """Those that a clock dated later than now, by more than clocks may differ."""
    return [journal for journal in journals if journal.time > now + TOLERANCE]


def next_time(journals: list[Journal], now: datetime) -> datetime:
    """The `as_of` of a new run: now, but always later than every run before it."""
    latest = max((journal.time for journal in journals), default=None)
    return now if latest is None or now > latest else latest + timedelta(seconds=1)


def new_run_id(as_of: datetime) -> str:
    """A name that sorts by time and never repeats."""
    return f"{as_of:%Y%m%dT%H%M%SZ}-{secrets.token_hex(2)}"
