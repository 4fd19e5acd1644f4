"""What an update may be told, and what follows from it: mode and origin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.settings import PUBMED_ORIGIN, ROOT, archive_origin
from pipeline.storage import shown

_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"

LIVE, OFFLINE, FILES = "live", "offline", "files"
MAX_REQUESTS = 2_000
"""Requests a run may send unless told otherwise: some 350,000 records."""
DEMO_ARCHIVE = ROOT / "data" / "demo"


@dataclass(frozen=True)
class Options:
    """What an update may be told.

    Attributes:
        offline: ask a replay server over `archive` in place of PubMed.
        archive: directory of PubMed XML to replay (default: the demonstration).
        from_files: PubMed files to read in place of searching.
        match: searches whose records are kept of files; none for all.
        processes: that read files beside each other.
        dask: address of a Dask scheduler whose workers read the files in their place.
        name: name of the archive the files go to (default: files).
        full: read every record again, not only new and revised ones.
        accept_translation: let a search stand that PubMed reads otherwise than last time.
        max_requests: requests the run may send to PubMed.
        off_peak: wait for NLM's quiet hours with a large job.
    """

    offline: bool = False
    archive: Path | None = None
    from_files: tuple[Path, ...] = ()
    match: tuple[str, ...] = ()
    processes: int = 1
    dask: str | None = None
    name: str | None = None
    full: bool = False
    accept_translation: bool = False
    max_requests: int = MAX_REQUESTS
    off_peak: bool = False

    def __post_init__(self) -> None:
        if self.from_files and (self.offline or self.archive):
            raise _misused("--from reads files and searches nothing", "leave out --offline")
        if self.archive is not None and not self.offline:
            raise _misused("--archive is what --offline replays", "add --offline")
        if self.name is not None and self.mode == LIVE:
            raise _misused("--name names an archive", "give it with --from or --offline")
        is_plain = self.max_requests == MAX_REQUESTS and not (
            self.full or self.accept_translation or self.off_peak
        )
        if self.mode != LIVE and not is_plain:
            raise _misused(
                "--full, --accept-translation, --max-requests and --off-peak are about PubMed, "
                "and this run does not ask it",
                "leave them out",
            )
        if self.max_requests < 1:
            raise _misused("--max-requests must be 1 or more", "give a larger number")
        is_demo = self.mode == OFFLINE and self.archive_directory == DEMO_ARCHIVE.resolve()
        if self.mode != LIVE and not is_demo and self.origin == archive_origin("demo"):
            raise _misused("The name demo belongs to data/demo", "give another --name")
        if self.mode != LIVE and not re.fullmatch(_NAME, self.origin.removeprefix("archive:")):
            raise _misused(
                f"{self.origin!r} is no name for an archive: small letters, digits, - and _",
                "give a plain --name",
            )

    @property
    def mode(self) -> str:
        return FILES if self.from_files else OFFLINE if self.offline else LIVE

    @property
    def archive_directory(self) -> Path:
        return (self.archive or DEMO_ARCHIVE).resolve()

    @property
    def origin(self) -> str:
        """The origin the run's data belongs to."""
        if self.mode == LIVE:
            return PUBMED_ORIGIN
        if self.mode == OFFLINE:
            return archive_origin(self.name or self.archive_directory.name)
        return archive_origin(self.name or "files")

    def as_parameters(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "archive": shown(Path(self.archive_directory.name)) if self.mode == OFFLINE else None,
            "files": [shown(Path(path.name)) for path in self.from_files],
            "full": self.full,
            "accept_translation": self.accept_translation,
        }


def _misused(cause: str, next_step: str) -> ConfigurationError:
    return ConfigurationError(f"{cause}.", effect="Nothing was done.", next_step=f"{next_step}.")
