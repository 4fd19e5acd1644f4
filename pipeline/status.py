"""`ketum status` and `doctor`: from journals and the published set, never the warehouse."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pipeline import __version__
from pipeline import journal as journals
from pipeline.clock import Clock
from pipeline.errors import EXIT_INTERRUPTED, CheckError, ConfigurationError, StaleError
from pipeline.escaping import for_terminal_lines
from pipeline.outputs import sets
from pipeline.outputs.manifest import OddManifestError
from pipeline.settings import PUBMED_ORIGIN, Settings
from pipeline.storage import existing

PACKAGES = ("duckdb", "pandas", "requests", "lxml", "biopython", "prefect", "fastapi", "sqlalchemy")
AT_WORK = "at work"
CUT_OFF = "cut off; the next run settles it"
SPACE_WANTED = 1 << 30
"""Bytes that should be free in the data directory: several sets and the raw archive."""


def status(settings: Settings, clock: Clock) -> dict[str, Any]:
    """The latest set and the last run.

    Returns:
        latest: set_id, origin, as_of, age_hours, searches, path (None if nothing is published);
        last_run: run_id, state, exit_code, verdict, as_of (None if there was none);
        fault: a sentence on why what `latest` shows is not a set; left out if it is a set.
    """
    fault: dict[str, str] = {}
    latest = None
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError as error:
        fault = {"fault": f"{settings.latest} does not show a set made by ketum: {error}."}
        held = None
    if held:
        latest = {
            "set_id": held.set_id,
            "origin": held.origin,
            "as_of": held.as_of.isoformat(),
            "age_hours": round((clock.now() - held.as_of) / timedelta(hours=1), 1),
            "description": held.description,
            "searches": held.searches,
            "path": str(settings.latest),
        }
    runs = journals.read_all(settings.runs)
    last = None
    if runs:
        journal = runs[-1]
        last = {
            "run_id": journal.run_id,
            "origin": journal.origin,
            "state": journal.state,
            "exit_code": journal.exit_code,
            "verdict": journal.verdict or (AT_WORK if _is_alive(journal.pid) else CUT_OFF),
            "as_of": journal.as_of,
        }
    return {"latest": latest, "last_run": last, **fault}


def require_set(found: dict[str, Any]) -> None:
    """See that `latest` shows a set, given what `status` found.

    Raises:
        CheckError: it is not.
    """
    if "fault" in found:
        raise CheckError(
            found["fault"],
            effect="Readers may find nothing, or something that is not a set.",
            next_step="`ketum update` writes a new set, `ketum rebuild --origin ORIGIN` the last "
            "one anew.",
        )


def require_good_run(found: dict[str, Any]) -> None:
    """See that the last run did not fail, given what `status` found.

    Raises:
        StaleError: it failed or was cut off, also after its commit: readers see nothing of it.
    """
    last = found["last_run"]
    if last is None or last["exit_code"] == EXIT_INTERRUPTED:
        return
    if last["state"] != journals.PUBLISHED and last["verdict"] != AT_WORK:
        verdict = last["verdict"].rstrip(".")
        raise StaleError(
            f"The last run, {last['run_id']}, did not publish: {verdict}.",
            effect="Readers see the set of before.",
            next_step="do as that says." if "Next:" in verdict else "run the same command again.",
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def check_age(found: dict[str, Any], max_age: str) -> None:
    """See that the latest set is not older than `max_age` (e.g. 36h, 2d).

    Raises:
        StaleError: it is older, dated in the future, or there is none.
        ConfigurationError: unreadable age.
    """
    match = re.fullmatch(r"(\d+)([hd])", max_age)
    if match is None:
        raise ConfigurationError(
            f"--max-age {max_age!r} is not an age.", next_step="write it as 36h or 2d."
        )
    hours = int(match[1]) * (24 if match[2] == "d" else 1)
    latest = found["latest"]
    if latest is not None and latest["origin"] != PUBMED_ORIGIN:
        raise StaleError(
            f"`latest` shows {latest['origin']}, records from files, and not PubMed.",
            effect="However new it is, readers see no live data.",
            next_step="`ketum update`, then look at the scheduler.",
        )
    if latest is not None and latest["age_hours"] < 0:
        raise StaleError(
            f"The latest set is dated {-latest['age_hours']} hours ahead of this machine's clock, "
            "so that its age cannot be known.",
            effect="Readers may see old data under a new date.",
            next_step="set the clock if it is behind; else `ketum update` says how to go back.",
        )
    if latest is None or latest["age_hours"] >= hours:
        age = "nothing is published" if latest is None else f"it is {latest['age_hours']} hours old"
        raise StaleError(
            f"The latest set should be at most {max_age} old, but {age}.",
            effect="Readers see old data.",
            next_step="`ketum update`, then look at the scheduler.",
        )


def status_text(found: dict[str, Any]) -> str:
    """For the terminal."""
    latest, last = found["latest"], found["last_run"]
    lines = []
    if latest is None:
        if "fault" not in found:
            lines = ["Nothing is published yet. Next: `ketum update --offline` or `ketum update`."]
    else:
        hours = latest["age_hours"]
        age = f"{abs(hours)} hours " + ("ago" if hours >= 0 else "ahead of this machine's clock")
        lines = [
            f"latest     {latest['set_id']}",
            f"as of      {latest['as_of']} UTC ({age})",
            f"origin     {latest['origin']}",
            f"path       {latest['path']}",
            f"note       {latest['description']}",
        ]
        for search, counts in latest["searches"].items():
            lines.append(f"search     {search}: {counts['members']} records")
    if last is not None:
        lines.append(f"last run   {last['run_id']}: {last['state']}, {last['verdict']}")
    return for_terminal_lines(lines)


def doctor(settings: Settings) -> list[tuple[str, str, bool]]:
    """What a person needs to know of this installation: (name, value, is it as it should be).

    Of secrets it is only said whether they are set.
    """
    is_fit = (3, 11) <= sys.version_info[:2] <= (3, 13)
    found = [("ketum", __version__, True), ("python", platform.python_version(), is_fit)]
    for package in PACKAGES:
        try:
            found.append((package, version(package), True))
        except PackageNotFoundError:
            found.append((package, "not installed", False))
    free = shutil.disk_usage(existing(settings.data)).free
    found += [
        ("data directory", str(settings.data), os.access(existing(settings.data), os.W_OK)),
        ("free space", f"{free / (1 << 30):.1f} GiB", free > SPACE_WANTED),
        _latest(settings),
        ("NCBI_EMAIL", "set" if settings.email else "not set: NCBI cannot write to you", True),
        (
            "NCBI_API_KEY",
            "set (10 requests a second)" if settings.api_key else "not set (3 requests a second)",
            True,
        ),
        ("Prefect home", str(settings.prefect_home), True),
    ]
    return found


def _latest(settings: Settings) -> tuple[str, str, bool]:
    try:
        held = sets.shown_manifest(settings)
    except OddManifestError as error:
        return "latest set", f"not a set made by ketum: {error}", False
    return "latest set", held.set_id if held else "none yet", True
