"""Put each fault into a scratch copy of the code, and see which test notices.

`python -m tests.sabotage` tries all of them, or those whose numbers are named, and writes what
noticed them into the table of docs/testing.md. Tests near a fault run first, then the unit tests,
then all that `make test` runs; each stops at its first failure.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.settings import ROOT
from tests.sabotage.faults import FAULTS, Fault

DOC = ROOT / "docs" / "testing.md"
BEGIN, END = "<!-- sabotage: begin -->", "<!-- sabotage: end -->"
CODE = ("pipeline", "flows", "sql")
COPIED = (
    *CODE, "data", "docs", "notebooks", "tests", "tools", "pyproject.toml", "Makefile", "README.md",
    "CHANGELOG.md", "prefect.yaml",
)  # fmt: skip
HANGS = 3_600
"""Seconds after which a fault is held to make a test go on for ever."""
UNIT = "not whole and not slow"
MISSED, NOT_TRIED = "**missed**", "not tried"
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)


def places(fault: Fault) -> list[Path]:
    """The files in which the old text stands, once for each time; relative to the checkout."""
    files = [
        path for room in CODE for path in (ROOT / room).rglob("*") if path.suffix in (".py", ".sql")
    ]
    return [
        path.relative_to(ROOT)
        for path in sorted(files)
        for _ in range(path.read_text(encoding="utf-8").count(fault.old))
    ]


@contextmanager
def scratch() -> Iterator[Path]:
    """A copy of the checkout in which anything may be broken."""
    with tempfile.TemporaryDirectory() as base:
        copy = Path(base) / "ketum"
        copy.mkdir()
        for name in COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(
                    ROOT / name, copy / name, ignore=_not_made if name == "data" else None
                )
            elif (ROOT / name).exists():
                shutil.copy2(ROOT / name, copy / name)
        if (shared := ROOT.parent / "shared").is_dir():
            (Path(base) / "shared").symlink_to(shared)
        yield copy


_not_made = shutil.ignore_patterns("raw", "warehouse", "published", "runs")
"""What updates made in `data`."""


def noticed_by(copy: Path, *, near: tuple[str, ...] = (), only: str = "") -> str | None:
    """The first test that fails in a copy; None if all pass.

    Args:
        copy: a checkout.
        near: files and folders of tests; all of them if none is named.
        only: a pytest expression of marks.
    """
    there = [name for name in near if (copy / name).exists()]
    try:
        done = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider",
                *(("-n", "0") if near else ("-n", "auto", "--dist=loadfile")),
                "-m", only or "not slow", *there,
            ],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=HANGS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "a test that never ends"
    if done.returncode == 0:
        return None
    failed = _FAILED.search(done.stdout)
    if failed is None:
        raise RuntimeError(f"no test ran: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return failed[1].partition("[")[0]


def try_fault(copy: Path, fault: Fault, *, is_near_only: bool) -> str | None:
    """What notices a fault; the copy is as it was afterwards."""
    (place,) = places(fault)
    path = copy / place
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    try:
        found = noticed_by(copy, near=fault.near)
        if found is None and not is_near_only:
            found = noticed_by(copy, only=UNIT) or noticed_by(copy)
        return found
    finally:
        path.write_text(sound, encoding="utf-8")


def rows(page: str) -> dict[str, str]:
    """What each fault was noticed by, as the table of docs/testing.md says."""
    told = page.split(BEGIN)[1].split(END)[0]
    return dict(re.findall(r"^\| \d+ \| (.+) \| (.+) \|$", told, re.MULTILINE))


def with_table(page: str, noticed: dict[str, str]) -> str:
    """The page of docs with its table anew; a fault that was not tried keeps its cell."""
    cells = [(rows(page) | noticed).get(fault.breaks, NOT_TRIED) for fault in FAULTS]
    caught = sum(cell not in (MISSED, NOT_TRIED) for cell in cells)
    lines = [
        f"{caught} of {len(FAULTS)} faults are noticed, {cells.count(MISSED)} missed, "
        f"{cells.count(NOT_TRIED)} not tried.",
        "",
        "| | Fault | Noticed by |",
        "|---|---|---|",
        *(
            f"| {n} | {f.breaks} | {c} |"
            for n, (f, c) in enumerate(zip(FAULTS, cells, strict=True), 1)
        ),
    ]
    table = "\n".join(lines)
    return f"{page.split(BEGIN)[0]}{BEGIN}\n{table}\n{END}{page.split(END)[1]}"


def main(arguments: list[str]) -> int:
    """Try the faults; exit code 1 if one is missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.sabotage", description=__doc__)
    parser.add_argument("numbers", nargs="*", type=int, help="faults to try (default: all)")
    parser.add_argument("--near", action="store_true", help="run only the tests near each fault")
    told = parser.parse_args(arguments)
    is_missed = False
    with scratch() as copy:
        for number in told.numbers or range(1, len(FAULTS) + 1):
            fault = FAULTS[number - 1]
            found = try_fault(copy, fault, is_near_only=told.near)
            is_missed |= found is None
            print(f"{number:3} {found or 'MISSED'}: {fault.breaks}", flush=True)
            cell = {fault.breaks: f"`{found}`" if found else MISSED}
            DOC.write_text(with_table(DOC.read_text(encoding="utf-8"), cell), encoding="utf-8")
    return int(is_missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
