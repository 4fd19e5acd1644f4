"""docs/replay.md: its list of faults is the catalogue's, and its snippets do what it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.replay import Archive, ReplayServer, faults
from pipeline.replay.answers import TOOLS
from pipeline.settings import ROOT
from tests.clients.programs import PYTHON, can_import, needs, run_edirect

pytestmark = pytest.mark.whole

PAGE = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
BASE = "http://127.0.0.1:8765"


@pytest.fixture(scope="module")
def server() -> Iterator[ReplayServer]:
    with ReplayServer(Archive.read(ROOT / "data" / "demo")) as running:
        yield running


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def with_word(word: str, language: str = "python") -> str:
    (found,) = [snippet for snippet in snippets(language) if word in snippet]
    return found


def run(python: Path | str, code: str, server: ReplayServer, home: Path) -> list[str]:
    assert BASE in code
    there = code.replace(BASE, server.url.removesuffix("/entrez/eutils/"))
    done = subprocess.run(
        [python, "-"],
        input=there,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "HOME": str(home), "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_table_of_faults_is_the_catalogue():
    """When this fails, put the expected rows into the page."""
    expected = []
    for case in faults.CASES:
        tools = ", ".join(tool for tool in TOOLS if tool in case.strikes)
        strikes = "any" if len(case.strikes) == len(TOOLS) else tools
        expected.append(f"| {case.number} | `{case.name}` | {strikes} | {case.what} |")
    table = PAGE.partition("| no. | case | strikes | what comes |\n|---|---|---|---|\n")[2]
    assert table.splitlines() == expected


def expected_of(server: ReplayServer) -> set[str]:
    """What the page says each snippet finds, by the titles themselves."""
    records = server._tools._archive.records
    titled = [
        r
        for r in records
        if re.search(rb"<ArticleTitle>(?:(?!</ArticleTitle>).)*\bpain\b", r.raw, re.I)
    ]
    assert len(titled) > 50
    return {str(record.pmid) for record in titled}


def test_curl(server: ReplayServer):
    needs("curl", present=shutil.which("curl") is not None)
    asked = with_word("curl", "sh").replace(BASE, server.url.removesuffix("/entrez/eutils/"))
    done = subprocess.run(["sh", "-c", asked], capture_output=True, text=True, check=True)
    assert set(re.findall(r"<Id>(\d+)</Id>", done.stdout)) == expected_of(server)


def test_edirect(server: ReplayServer):
    setting, command = with_word("EUTILS_BASE", "sh").splitlines()
    assert setting == (f'export PATH="$PWD/tests/clients:$PATH" EUTILS_BASE={BASE}/entrez/eutils')
    assert set(run_edirect(server.url, command).split()) == expected_of(server)


def test_bio_entrez(server: ReplayServer, tmp_path: Path):
    found = run(sys.executable, with_word("Bio import"), server, tmp_path)
    assert set(found) == expected_of(server)


@pytest.mark.parametrize("name", ["metapub", "easy-entrez"])
def test_clients_of_their_own_environment(server: ReplayServer, name: str, tmp_path: Path):
    package = name.replace("-", "_")
    needs(name, present=can_import(package))
    found = run(PYTHON, with_word(f"from {package} import"), server, tmp_path)
    assert set(found) == expected_of(server)


def test_the_snippets_for_tests(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(ROOT)
    exec(with_word("server.url"), {})
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
    names: dict[str, object] = {}
    exec(with_word("Misbehaviour"), names)
    assert isinstance(names["fault"], faults.Misbehaviour)


def test_every_command_of_the_page_is_one():
    from pipeline.cli import build_parser

    parser = build_parser()
    commands = [
        line.partition("#")[0].split()[1:]
        for snippet in snippets("sh")
        for line in snippet.splitlines()
        if line.startswith("ketum ")
    ]
    assert len(commands) == 4
    for command in commands:
        arguments = parser.parse_args(command)
        for text in arguments.misbehave:
            faults.misbehaviour(text)
