"""The raw store of one origin: bodies as they came, and a ledger per run.

```
data/raw/<origin>/objects/ab/abcd....gz   one distinct body, named by its SHA-256
data/raw/<origin>/runs/<run_id>.jsonl     what the run received, in order: the sidecar
```
A body is stored once however often it arrives. A ledger line gives tool,
parameters (never the key), time, size and counts; it is written and synced as
soon as its body is safe, so that a killed run can be continued.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.storage import lines, write_atomically

Entry = dict[str, Any]


class Archive:
    """Bodies and ledgers under one directory."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, body: bytes) -> str:
        """Store a body; returns its file name relative to the root."""
        digest = hashlib.sha256(body).hexdigest()
        name = f"objects/{digest[:2]}/{digest}.gz"
        path = self.root / name
        if not self._is_whole(name):  # a damaged one is made good by the next that arrives
            write_atomically(path, gzip.compress(body, compresslevel=6, mtime=0))
        return name

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

    def _is_whole(self, name: str) -> bool:
        if not self.path(name).exists():
            return False
        try:
            self.get(name)
        except ConfigurationError:
            return False
        return True

    def _damaged(self, name: str, reason: str) -> ConfigurationError:
        return ConfigurationError(
            f"The raw archive cannot give {name}: {reason}.",
            effect="Nothing changed.",
            next_step="restore the file from a copy, or fetch afresh with `ketum update`.",
        )

    def ledger(self, run_id: str) -> Path:
        return self.root / "runs" / f"{run_id}.jsonl"

    def note(self, run_id: str, entry: Entry) -> None:
        r"""Add one line to the run's ledger and sync it; what is no UTF-8 stands as `\udcff`."""
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
