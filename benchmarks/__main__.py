"""How fast is ketum, beside the least it could take and beside others? `python -m benchmarks FILE`.

One run measures any PubMed file (.xml.gz) section by section and prints a table for each; with
--write they replace the last ones in docs/performance.md.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measured import Table
from pipeline.settings import ROOT

SECTIONS = ("reading", "judging", "beside", "starting", "growing", "page")
USUAL = ("reading", "judging", "beside", "starting")
FILE = ROOT.parent / "shared" / "pubmed" / "pubmed21n1298.xml.gz"
BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
_VERSIONS = ("lxml", "duckdb", "google-re2", "isal")


def tables(options: argparse.Namespace) -> list[Table]:
    """What the sections asked for find, each shown as soon as it is there."""
    found: list[Table] = []
    for name in SECTIONS:
        if name not in options.sections:
            continue
        if name == "page":  # needs a browser, and is imported only then
            from benchmarks import page

            made = [page.section(options.runs)]
        else:
            made = _made_by(name, options)
        for table in made:
            print(table.plain(), end="\n\n", flush=True)
        found += made
    return found


def _made_by(name: str, options: argparse.Namespace) -> list[Table]:
    from benchmarks import beside, growing, judging, reading, starting

    if name == "reading":
        return reading.section(options.file, options.runs, options.peers)
    if name == "judging":
        return [judging.section(options.file)]
    if name == "beside":
        return [beside.section(options.file, options.runs)]
    if name == "starting":
        return [starting.section(options.runs)]
    return [growing.section(options.file, options.records)]


def machine() -> str:
    """Date, machine and versions; and how busy it was, as times by the clock depend on it."""
    names = [line for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    kind = names[0].partition(":")[2].strip() if names else platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _VERSIONS)
    asked = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({kind}), {memory:.0f} GB, "
        f"load {os.getloadavg()[1]:.1f} at the end; ketum at commit "
        f"{commit or 'unknown'}, Python {platform.python_version()}, {versions}."
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def write(path: Path, found: list[Table], said: str) -> None:
    """Put the tables in place of the last ones.

    Raises:
        SystemExit: the page has no place for them.
    """
    text = path.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        sys.exit(f"{path} has no lines {BEGIN} and {END}; nothing was written.")
    before, after = text.partition(BEGIN)[0], text.rpartition(END)[2]
    body = "\n\n".join([BEGIN, said, *(table.markdown() for table in found), END])
    path.write_text(f"{before}{body}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, default=FILE, help="a PubMed .xml.gz")
    parser.add_argument(
        "--sections", nargs="+", choices=SECTIONS, default=USUAL,
        help="what to measure (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=5, help="of what is compared, in turn")
    parser.add_argument(
        "--records", nargs="+", type=int, default=[10_000, 100_000, 1_000_000], metavar="N",
        help="sizes of warehouses in the section growing (a million takes most of an hour)",
    )  # fmt: skip
    parser.add_argument(
        "--peers", default=sys.executable, metavar="PYTHON",
        help="the Python in which pubmed_parser, pubmedparser2 and others are installed",
    )  # fmt: skip
    parser.add_argument("--write", type=Path, metavar="PAGE", help="e.g. docs/performance.md")
    options = parser.parse_args()
    options.file = options.file.resolve()
    if not options.file.is_file():
        parser.error(f"there is no file {options.file}")
    began = time.monotonic()
    found = tables(options)
    said = machine()
    print(f"{said}\n{time.monotonic() - began:.0f} s in all.")
    if options.write:
        write(options.write, found, said)


if __name__ == "__main__":
    main()
