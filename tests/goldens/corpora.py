"""The corpora whose output is frozen, each brought through the steps of an update.

`demo` is the demonstration, published whole. `kratom` are the retold records and the titles of
`../shared/kratom`, and `pubmed21n1298` is a whole file of PubMed; of both every record is kept and
judged, whatever the searches say. The last one gets a search that nearly every record answers, so
that the marts are made of all of them, and is not published: its page would list 20,000 records.
"""

from __future__ import annotations

import gzip
import importlib.util
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.many_files import stamp
from pipeline.run import Run
from pipeline.settings import ROOT, Options, Settings
from pipeline.steps import Made, Outcome
from pipeline.storage import sha256_of
from pipeline.update import STEPS, Progress, Step, open_run
from tests.conftest import SHARED, FakeClock

DEMO, KRATOM, WHOLE_FILE = "demo", "kratom", "pubmed21n1298"
NAMES = (DEMO, KRATOM, WHOLE_FILE)
_ANY_RECORD = """
[[topic]]
name = "any"
label = "Any record"
words = [{ word = "of", tag = "tiab" }]

[[search]]
name = "any"
label = "Any record"
mode = "files"
topics = ["any"]
minimum = 0
"""


def make(name: str, data: Path, threads: int) -> Path:
    """Bring a corpus through an update; gives the warehouse.

    Args:
        name: one of NAMES.
        data: an empty directory for everything the run leaves behind.
        threads: how many DuckDB may use.

    Raises:
        KetumError: the update fails.
    """
    data.mkdir(parents=True, exist_ok=True)
    reference = ROOT / "data" / "reference"
    if name == DEMO:
        options = Options(offline=True)
    elif name == KRATOM:
        options = Options(from_files=(_kratom_file(data),), name=name)
    else:
        options = Options(from_files=(SHARED / "pubmed" / f"{name}.xml.gz",), name=name)
        reference = _with_any_record(data)
    settings = Settings(data=data, reference=reference, pace_file=data / "pace")
    steps = [step if name == DEMO or step.name != "fetch" else _KEEP_ALL for step in STEPS]
    unmade = ("check", "report", "publish") if name == WHOLE_FILE else ()
    with _opened(options, settings, threads) as progress:
        for step in steps:
            if step.name not in unmade:
                progress.take(step)
        return settings.warehouse(progress.run.origin)


@contextmanager
def _opened(options: Options, settings: Settings, threads: int) -> Iterator[Progress]:
    with open_run(options, settings, FakeClock()) as progress:
        progress.run.con.execute(f"SET threads = {threads}")
        yield progress


def _keep_all(run: Run, made: Made) -> Outcome:
    """Archive the files as they are: in place of the records that a search finds, all of them."""
    for path in run.options.from_files:
        raw = path.read_bytes()
        entry = {
            "kind": "records",
            "file": path.name,
            "file_sha256": sha256_of(path),
            "received_at": run.as_of.isoformat(),
            "stamp": stamp(path),
            "object": run.archive.put(gzip.decompress(raw) if path.suffix == ".gz" else raw),
        }
        run.archive.note(run.run_id, entry)
    return made, {"files": len(run.options.from_files)}


_KEEP_ALL = Step("fetch", "keep every record of the files", _keep_all)


def _with_any_record(data: Path) -> Path:
    """The reference files of this checkout, with a search that nearly every record answers."""
    copy = data / "reference"
    shutil.copytree(ROOT / "data" / "reference", copy)
    topics = copy / "topics.toml"
    topics.write_text(topics.read_text(encoding="utf-8") + _ANY_RECORD, encoding="utf-8")
    return copy


def _kratom_file(data: Path) -> Path:
    """The records and titles of ../shared/kratom as PubMed XML, written by its own program."""
    folder = SHARED / "kratom"
    spec = importlib.util.spec_from_file_location("measure", folder / "measure.py")
    assert spec is not None and spec.loader is not None
    measure = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(measure)
    records = [
        json.loads(line)
        for name in ("kratom_records.jsonl", "kratom_titles.jsonl")
        for line in (folder / name).read_text(encoding="utf-8").splitlines()
        if line
    ]
    path = data / "kratom.xml"
    measure.xml(records, path)
    return path
