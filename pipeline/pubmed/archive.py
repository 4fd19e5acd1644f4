"""The raw store of one origin: bodies as they came, and a ledger of each run.

```
data/raw/<origin>/objects/ab/abcd....gz   one distinct body, named by its SHA-256
data/raw/<origin>/in_place/abcd....xml.gz a link to a file of NLM's that stays where it is
data/raw/<origin>/runs/<run_id>.jsonl     what the run received, in order: the sidecar
```
A body is stored once however often it arrives. A ledger line gives tool,
parameters (never the key), time, size and counts; it is written and synced as
soon as its body is safe, so that a killed run can be continued by the next one, and a
committed one replayed (`ketum rebuild`).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline import journal as journals
from pipeline.errors import (
    EXIT_INCOMPLETE,
    EXIT_INTERRUPTED,
    EXIT_SOURCE,
    EXIT_TERMINATED,
    ConfigurationError,
)
from pipeline.journal import Journal
from pipeline.pubmed.search import Page, SearchAnswer, read_page
from pipeline.storage import lines, sha256_of, shown, write_atomically

Entry = dict[str, Any]

STAMP_FORMAT = "%Y%m%dT%H%M%SZ"
RESUME_WITHIN = timedelta(days=1)
RESUMABLE_EXITS = (EXIT_SOURCE, EXIT_INCOMPLETE, EXIT_INTERRUPTED, EXIT_TERMINATED)


class Archive:
    """Bodies and ledgers under one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, body: bytes) -> str:
        """Store a body; returns its file name relative to the root."""
        digest = hashlib.sha256(body).hexdigest()
        name = f"objects/{digest[:2]}/{digest}.gz"
        try:
            self.get(name)
        except ConfigurationError:  # missing, or damaged: the copy that arrives replaces it
            write_atomically(self.path(name), gzip.compress(body, compresslevel=6, mtime=0))
        return name

    def link(self, path: Path, file_sha256: str) -> str:
        """Have a file stand in the archive that stays where it is; returns its name there."""
        name = f"in_place/{file_sha256}.xml{'.gz' if path.name.endswith('.gz') else ''}"
        link = self.path(name)
        link.parent.mkdir(parents=True, exist_ok=True)
        part = link.with_name(f".{link.name}.{os.getpid()}.part")
        part.unlink(missing_ok=True)
        part.symlink_to(path.resolve())
        part.replace(link)
        return name

    def fault_in_place(self, entry: Entry) -> str | None:
        """What is wrong with a file that a ledger line has a link to; None where it is whole."""
        link = self.path(entry["in_place"])
        place = shown(link.resolve() if link.is_symlink() else Path(entry["place"]))
        if not link.is_file():
            return (
                f"{entry['file']} is no longer at {place}, and the raw archive has nothing but its "
                "place."
            )
        if sha256_of(link) != entry["file_sha256"]:
            return f"{place} has other bytes than when it was loaded."
        return None

    def path(self, name: str) -> Path:
        """The file of an object."""
        return self.root / name

    def get(self, name: str) -> bytes:
        """The body of an object.

        Raises:
            ConfigurationError: it is missing, or its bytes are not those its name states.
        """
        try:
            body = gzip.decompress(self.path(name).read_bytes())
        except (OSError, EOFError, zlib.error) as error:
            raise self._damaged(name, str(error)) from None
        if hashlib.sha256(body).hexdigest() != Path(name).name.removesuffix(".gz"):
            raise self._damaged(name, "its bytes do not have the SHA-256 in its name")
        return body

    def _damaged(self, name: str, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f"The raw archive cannot give {name}: {reason}.",
            effect="Nothing changed.",
            next_step="restore the file from a copy, or fetch afresh with `ketum update`.",
        )

    def ledger(self, run_id: str) -> Path:
        return self.root / "runs" / f"{run_id}.jsonl"

    def note(self, run_id: str, entry: Entry) -> None:
        r"""Add one line to the run's ledger and sync it; bytes that are not UTF-8 as `\udcff`."""
        path = self.ledger(run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(json.dumps(entry, ensure_ascii=False, sort_keys=True) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def entries(self, run_id: str, kind: str | None = None) -> list[Entry]:
        """The run's ledger lines in order; a last line cut by a crash is left out."""
        path = self.ledger(run_id)
        if not path.exists():
            return []
        found = []
        written = lines(path.read_text(encoding="utf-8"))
        for number, line in enumerate(written, 1):
            try:
                entry = json.loads(line)
            except ValueError:
                if number == len(written):
                    break
                raise self._damaged(f"runs/{path.name}", f"its line {number} is broken") from None
            if kind is None or entry["kind"] == kind:
                found.append(entry)
        return found


def note_search(
    archive: Archive, run_id: str, search: str, answer: SearchAnswer, translation: str | None
) -> None:
    """Put the pages of a search's answer into the archive, with their lines in the ledger."""
    for page in answer.pages:
        _note_page(archive, run_id, "search", page, search=search, translation=translation)


def note_revised(archive: Archive, run_id: str, answer: SearchAnswer) -> None:
    """As `note_search`, for the answer to what PubMed modified lately."""
    for page in answer.pages:
        _note_page(archive, run_id, "revised", page)


def _note_page(archive: Archive, run_id: str, kind: str, page: Page, **rest: str | None) -> None:
    archive.note(
        run_id,
        {
            "kind": kind,
            "role": page.role,
            "tool": "esearch",
            "parameters": page.parameters,
            "received_at": page.received_at.isoformat(),
            "object": archive.put(page.body),
            "bytes": len(page.body),
            "count": page.count,
            **rest,
        },
    )


def note_fetched(
    archive: Archive, run_id: str, *, gone: Iterable[int], is_full_read: bool, requests: int
) -> None:
    """Close the ledger of a run whose records have all arrived."""
    archive.note(
        run_id,
        {
            "kind": "fetched",
            "gone": list(gone),
            "is_full_read": is_full_read,
            "requests": requests,
        },
    )


@dataclass(frozen=True)
class Recalled:
    """What the ledger of a run says of its searches and of its reading.

    Attributes:
        answers: search to PubMed's answer.
        translations: how PubMed read each search, next to the time before.
        gone: PMIDs that left a search and that PubMed did not deliver.
        is_full_read: whether every record was read.
        requests: that were sent until all records had arrived.
    """

    answers: Mapping[str, SearchAnswer]
    translations: Mapping[str, str | None]
    gone: tuple[int, ...]
    is_full_read: bool
    requests: int


def recall(archive: Archive, run_id: str) -> Recalled:
    """Read a committed run's ledger back, for its replay."""
    pages: dict[str, list[Page]] = {}
    translations: dict[str, str | None] = {}
    fetched: Entry = {"gone": (), "is_full_read": True, "requests": 0}  # of a run that read files
    for entry in archive.entries(run_id):
        if entry["kind"] == "search":
            body = archive.get(entry["object"])
            received = datetime.fromisoformat(entry["received_at"])
            page = read_page(body, entry["role"], entry["parameters"], received)
            pages.setdefault(entry["search"], []).append(page)
            translations[entry["search"]] = entry["translation"]
        elif entry["kind"] == "fetched":
            fetched = entry
    return Recalled(
        {name: SearchAnswer.of(found) for name, found in pages.items()},
        translations,
        tuple(fetched["gone"]),
        fetched["is_full_read"],
        fetched["requests"],
    )


def resumable(archive: Archive, earlier: Iterable[Journal], as_of: datetime) -> dict[int, Entry]:
    """PMIDs an unfinished run of this origin fetched less than a day ago, with ledger lines.

    Only what came after the last committed run counts, as that one knew better than any
    before it; a run that a check or a bad reference file stopped is not taken up either.

    Args:
        archive: of the origin.
        earlier: the journals of its runs, oldest first.
        as_of: the time of the run that goes on.
    """
    found: dict[int, Entry] = {}
    for journal in earlier:
        if journal.is_done:
            found.clear()
        was_cut_off = journal.state == journals.ABANDONED or (
            journal.state == journals.FAILED and journal.exit_code in RESUMABLE_EXITS
        )
        if not was_cut_off or as_of - journal.time > RESUME_WITHIN:
            continue
        for entry in archive.entries(journal.run_id, "records"):
            for pmid in entry.get("pmids", []):
                found[pmid] = entry
    return found
