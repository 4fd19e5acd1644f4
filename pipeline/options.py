"""What an update may be told, and what follows from it: mode and origin."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.settings import PUBMED_ORIGIN, ROOT, archive_origin

LIVE, OFFLINE, FILES = "live", "offline", "files"
DEMO_ARCHIVE = ROOT / "data" / "demo"


@dataclass(frozen=True)
class Options:
    """What an update may be told.

    Attributes:
        offline: ask a replay server over `archive` in place of PubMed.
        archive: directory of PubMed XML to replay (default: the demonstration).
        from_files: PubMed files to read in place of searching.
        name: name of the archive the files go to (default: files).
    """

    offline: bool = False
    archive: Path | None = None
    from_files: tuple[Path, ...] = ()
    name: str | None = None

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
            "archive": self.archive_directory.name if self.mode == OFFLINE else None,
            "files": [path.name for path in self.from_files],
        }
