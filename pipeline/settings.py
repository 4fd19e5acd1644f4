"""Where things are, what the environment says, and the options of an update.

Nothing here touches the disk.
"""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import ConfigurationError, misused
from pipeline.storage import for_duckdb, shown

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
        is_rehearsal: whether KETUM_EUTILS_URL names this machine in place of NCBI.
        site: address at which the latest set is served, or None; feeds then have whole links.
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
    is_rehearsal: bool = False
    site: str | None = None
    pace_file: Path = field(default_factory=_pace_file)
    journals: Path | None = None
    warehouses: Path | None = None

    @classmethod
    def from_environment(cls) -> Settings:
        """Read KETUM_DATA, KETUM_EUTILS_URL, KETUM_SITE and NCBI's; empty counts as unset.

        Another address than NCBI's is for rehearsals, on this machine alone; it never gets the key.

        Raises:
            ConfigurationError: no database can lie in a directory of that name, the address is
                neither NCBI's nor of this machine, or the site is not an address.
        """
        data = Path(os.environ.get("KETUM_DATA") or ROOT / "data").resolve()
        for_duckdb(data)
        url = os.environ.get("KETUM_EUTILS_URL") or EUTILS_URL
        _require_known(url)
        return cls(
            data=data,
            email=os.environ.get("NCBI_EMAIL") or None,
            api_key=(os.environ.get("NCBI_API_KEY") or None) if url == EUTILS_URL else None,
            eutils_url=url,
            is_rehearsal=url != EUTILS_URL,
            site=_site(os.environ.get("KETUM_SITE")),
        )

    def raw(self, origin: str) -> Path:
        return self.data / "raw" / slug(origin)

    def warehouse(self, origin: str) -> Path:
        base = self.warehouses or self.data / "warehouse"
        return base / slug(origin) / "warehouse.duckdb"

    def scans(self, origin: str) -> Path:
        """What an unfinished run has read of files; the next one takes it up."""
        return self.data / ".scans" / slug(origin)

    def pages(self, origin: str) -> Path:
        """The pages of the last set, without its date; a set of the same takes them up."""
        return self.data / ".pages" / slug(origin)

    @property
    def counts(self) -> Path:
        """Records of NLM's files by year; they belong to no origin."""
        return self.data / "counts"

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


def _require_known(url: str) -> None:
    """See that an address of E-utilities is NCBI's or on this machine.

    Raises:
        ConfigurationError: it is neither, so that records could come from anybody.
    """
    if url == EUTILS_URL:
        return
    try:
        found = urlsplit(url)
        is_here = found.hostname in ("127.0.0.1", "::1", "localhost")
    except ValueError:
        is_here = False
    if is_here and found.scheme == "http" and url.endswith("/"):
        return
    raise ConfigurationError(
        f"KETUM_EUTILS_URL is {url!r}, which is neither NCBI's address nor one of this machine.",
        effect="Nothing was asked.",
        next_step="leave it out, or for a rehearsal name what `ketum replay` says, such as "
        "http://127.0.0.1:8765/entrez/eutils/ (with the slash at its end).",
    )


def _site(address: str | None) -> str | None:
    """An address to put names of files behind.

    Raises:
        ConfigurationError: it is not one of the web.
    """
    if not address:
        return None
    try:
        found = urlsplit(address)
        is_address = found.scheme in ("http", "https") and bool(found.hostname)
    except ValueError:
        is_address = False
    if not is_address or found.query or found.fragment or re.search(r"[\s<>\"]", address):
        raise ConfigurationError(
            f"KETUM_SITE is {address!r}, which is not an address of the web.",
            effect="Nothing was done.",
            next_step="give the address at which data/published/latest/ is served, such as "
            "https://example.org/ketum/, or leave it out.",
        )
    return address.rstrip("/") + "/"


def environment_of_others() -> dict[str, str]:
    """The environment for programs that ask PubMed nothing: without the key."""
    return {name: value for name, value in os.environ.items() if name != "NCBI_API_KEY"}


def processors() -> int:
    """How many processors this process may use; as many threads or processes work at once."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def slug(origin: str) -> str:
    """An origin as a directory name: `archive:demo` becomes `archive-demo`."""
    return origin.replace(":", "-")


# -- The options of an update, and what follows from them: mode and origin

_NAME = r"[a-z0-9][a-z0-9_-]{0,63}"

LIVE, OFFLINE, FILES = "live", "offline", "files"
MAX_REQUESTS = 2_000
"""Requests a run may send where nothing else is asked for: some 350,000 records."""
DEMO_ARCHIVE = ROOT / "data" / "demo"


@dataclass(frozen=True)
class Options:
    """The options of an update.

    Attributes:
        offline: ask a replay server over `archive` in place of PubMed.
        archive: directory of PubMed XML to replay (default: the demonstration).
        from_files: PubMed files to read in place of searching.
        match: searches whose records are kept of files; none for all.
        keep_all: keep every record of the files, which stay where they are.
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
    keep_all: bool = False
    processes: int = 1
    dask: str | None = None
    name: str | None = None
    full: bool = False
    accept_translation: bool = False
    max_requests: int = MAX_REQUESTS
    off_peak: bool = False

    def __post_init__(self) -> None:
        if self.from_files and (self.offline or self.archive):
            raise misused("--from reads files and searches nothing", "leave out --offline")
        if self.archive is not None and not self.offline:
            raise misused("--archive is what --offline replays", "add --offline")
        if self.name is not None and self.mode == LIVE:
            raise misused("--name names an archive", "give it with --from or --offline")
        is_plain = self.max_requests == MAX_REQUESTS and not (
            self.full or self.accept_translation or self.off_peak
        )
        if self.mode != LIVE and not is_plain:
            raise misused(
                "--full, --accept-translation, --max-requests and --off-peak are about PubMed, "
                "and this run does not ask it",
                "leave them out",
            )
        if self.max_requests < 1:
            raise misused("--max-requests must be 1 or more", "give a larger number")
        if self.processes < 1:
            raise misused("--processes must be 1 or more", "give a larger number")
        is_demo = self.mode == OFFLINE and self.archive_directory == DEMO_ARCHIVE.resolve()
        if self.mode != LIVE and not is_demo and self.origin == archive_origin("demo"):
            raise misused("The name demo belongs to data/demo", "give another --name")
        if self.mode != LIVE and not re.fullmatch(_NAME, self.origin.removeprefix("archive:")):
            raise misused(
                f"{self.origin!r} cannot name an archive: it takes small letters, digits, - and _",
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
            **({"all": True} if self.keep_all else {}),
        }
