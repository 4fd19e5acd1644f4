"""What is installed: every imported package is declared, and every file of it known by its hash."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pipeline.settings import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = PROJECT["project"]["optional-dependencies"]
LOCKS = ("requirements.lock", "requirements-dev.lock")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[A-Za-z0-9.]+)( ; [^:/@]+)? \\")

WITH_EXTRA = {
    "pipeline/evidence/reader.py": "reader",
    "pipeline/workers.py": "dask",
}
"""Modules of the program that need an extra; nothing but these may import from it."""

ELSEWHERE = "tests/clients/run_*.py"
"""Programs for an environment of their own, .venv-clients, which .ci/clients pins."""


def declared(*groups: list[str]) -> dict[str, Requirement]:
    requirements = [Requirement(text) for group in groups for text in group]
    return {canonicalize_name(requirement.name): requirement for requirement in requirements}


RUN = declared(PROJECT["project"]["dependencies"])
EVERYTHING = declared(PROJECT["project"]["dependencies"], *EXTRAS.values())
BUILD = declared(PROJECT["build-system"]["requires"])


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@cache
def distributions() -> Mapping[str, list[str]]:
    return packages_distributions()


def foreign(path: Path) -> set[str]:
    """Distributions that a module imports from; a name that none is known for, as it is."""
    own = {"pipeline", "flows", "tests", "tools", "benchmarks"}
    names = set(imported(path)) - set(sys.stdlib_module_names) - own
    return {canonicalize_name(distributions().get(name, [name])[0]) for name in names}


def modules(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if not path.match(ELSEWHERE)]


def test_every_package_that_the_program_imports_is_declared():
    for path in modules("pipeline", "flows"):
        extra = WITH_EXTRA.get(path.relative_to(ROOT).as_posix())
        admitted = RUN if extra is None else RUN | declared(EXTRAS[extra])
        assert foreign(path) <= set(admitted), path


def test_every_package_that_tests_and_tools_import_is_declared():
    for path in modules("tests", "tools", "benchmarks", "data"):
        assert foreign(path) <= set(EVERYTHING), path


def test_an_import_that_is_not_declared_is_seen(tmp_path: Path):
    module = tmp_path / "module.py"
    module.write_text(
        "import json\ndef late():\n    from click.core import Group\n    import re2\n"
    )
    assert foreign(module) == {"click", "google-re2"}


def test_every_bound_has_an_upper_end_that_the_lock_keeps():
    locked = pins(LOCKS[1])
    for name, requirement in sorted((EVERYTHING | BUILD).items()):
        below = {specifier.operator for specifier in requirement.specifier}
        # versions of tzdata are dates; only the newest is right
        assert "<" in below or name == "tzdata", name
        assert requirement.specifier.contains(locked[name]), name


def blocks(lock: str) -> Iterator[tuple[str, list[str]]]:
    """Each pin of a lock with the hashes below it."""
    text = (ROOT / lock).read_text(encoding="ascii")
    for block in re.split(r"\n(?=\S)", text.rstrip("\n")):
        pin, *hashes = block.split("\n")
        yield pin, hashes


def pins(lock: str) -> dict[str, str]:
    found = [PIN.fullmatch(pin) for pin, _ in blocks(lock)]
    return {match["name"]: match["version"] for match in found if match is not None}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_is_pins_with_hashes_and_nothing_else(lock: str):
    for pin, hashes in blocks(lock):
        assert PIN.fullmatch(pin), pin
        assert hashes, pin
        assert all(HASH.fullmatch(line) for line in hashes), pin


def test_the_small_lock_is_a_part_of_the_large_one():
    small, large = map(pins, LOCKS)
    assert small.items() <= large.items()
    assert set(RUN) | set(BUILD) <= set(small)
    assert set(EVERYTHING) <= set(large)


def test_a_lock_knows_the_files_of_every_platform_and_python():
    numbers = {pin.partition("==")[0]: len(hashes) for pin, hashes in blocks(LOCKS[1])}
    # for three Pythons: Windows, two of macOS, two of Linux at the least
    for compiled in ("duckdb", "lxml", "pandas", "numpy", "google-re2"):
        assert numbers[compiled] >= 15, compiled


@pytest.mark.parametrize("name", ["prefect", "fastapi", "sqlalchemy", "duckdb", "pandas", "lxml"])
def test_what_is_installed_is_what_is_locked(name: str):
    assert version(name) == pins(LOCKS[1])[name]


def test_the_page_carries_no_code_of_others():
    assert all((ROOT / name).is_file() for name in PROJECT["project"]["license-files"])
    page = ROOT / "pipeline" / "outputs" / "page"
    scripts = list(page.rglob("*.js"))
    assert len(scripts) > 3
    assert not [path for path in scripts if "min" in path.name or path.stat().st_size > 30_000]
