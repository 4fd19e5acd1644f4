"""Where things are, and what the environment says. Nothing here touches the disk."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.storage import for_duckdb

ROOT = Path(__file__).resolve().parent.parent
"""The repository root: `sql/` and `data/reference/` are found from here."""

TOOL_NAME = "ketum"
EUTILS_URL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"

PUBMED_ORIGIN = "pubmed"


def archive_origin(name: str) -> str:
    """The origin of data that does not come from live PubMed: `archive:<name>`."""
    return f"archive:{name}"


def _pace_file() -> Path:
    """One for all data directories of a user, as NCBI counts requests by address."""
    return Path(tempfile.gettempdir()) / f"ketum-eutils-{os.getuid()}.pace"


@dataclass(frozen=True)
class Settings:
    """Places and identity for one process.

    Attributes:
        data: the data directory (`KETUM_DATA`, default `data/` in the repository).
        email: contact sent to NCBI (`NCBI_EMAIL`), or None.
        api_key: NCBI key (`NCBI_API_KEY`), or None; kept out of every repr.
        reference: the reference files of this checkout.
        sql: the SQL files of this checkout.
        eutils_url: base of the E-utilities; tests name a replay server's here.
        pace_file: spaces the requests of all of a user's processes.
        journals: where runs keep their journals, if not in `data/runs`.
        warehouses: where warehouses lie, if not in `data/warehouse`.
    """

    data: Path
    email: str | None = None
    api_key: str | None = field(default=None, repr=False)
    reference: Path = ROOT / "data" / "reference"
    sql: Path = ROOT / "sql"
    eutils_url: str = EUTILS_URL
    pace_file: Path = field(default_factory=_pace_file)
    journals: Path | None = None
    warehouses: Path | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Read KETUM_DATA, NCBI_EMAIL and NCBI_API_KEY; empty counts as unset.

        Raises:
            ConfigurationError: no database can lie in a directory of that name.
        """
        data = Path(os.environ.get("KETUM_DATA") or ROOT / "data").resolve()
        for_duckdb(data)
        return cls(
            data=data,
            email=os.environ.get("NCBI_EMAIL") or None,
            api_key=os.environ.get("NCBI_API_KEY") or None,
        )

    def raw(self, origin: str) -> Path:
        return self.data / "raw" / slug(origin)

    def warehouse(self, origin: str) -> Path:
        base = self.warehouses or self.data / "warehouse"
        return base / slug(origin) / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.data / "published"

    @property
    def latest(self) -> Path:
        return self.published / "latest"

    @property
    def runs(self) -> Path:
        return self.journals or self.data / "runs"

    @property
    def lock(self) -> Path:
        return self.data / "ketum.lock"

    @property
    def prefect_home(self) -> Path:
        return self.data / "prefect"


def environment_of_others() -> dict[str, str]:
    """The environment for programs that ask PubMed nothing: without the key."""
    return {name: value for name, value in os.environ.items() if name != "NCBI_API_KEY"}


def slug(origin: str) -> str:
    """An origin as a directory name: `archive:demo` becomes `archive-demo`."""
    return origin.replace(":", "-")
