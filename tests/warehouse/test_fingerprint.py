"""What counts as another program: what makes tables, and nothing else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from pipeline.evidence.reference import Reference
from pipeline.pubmed.client import EutilsClient
from pipeline.replay import Archive, ReplayServer
from pipeline.run import Run
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import fingerprint
from tests.conftest import FakeClock
from tests.corpus import article, write
from tests.in_memory import Warehouse

SQL = ROOT / "sql"
DAY = 86_400


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the modules, in the place of those that run."""
    left_out = shutil.ignore_patterns("__pycache__", "files")
    shutil.copytree(ROOT / "pipeline", tmp_path / "checkout" / "pipeline", ignore=left_out)
    monkeypatch.setattr(fingerprint, "ROOT", tmp_path / "checkout")
    return tmp_path / "checkout"


def remark(path: Path) -> None:
    """Add a comment at the end of a module."""
    assert path.is_file()
    with path.open("a", encoding="utf-8") as file:
        file.write("# A remark.\n")


@pytest.mark.parametrize(
    ("module", "counts"),
    [
        ("cli.py", False), ("commands/updating.py", False), ("outputs/page/render.py", False),
        ("pubmed/client.py", False), ("update.py", False), ("storage.py", False),
        ("rules/decide.py", True), ("evidence/study_types.py", True), ("warehouse/load.py", True),
        ("pubmed/parsing/article.py", True), ("pubmed/records.py", True),
        ("identifiers.py", True), ("outputs/marts.py", True), ("outputs/wording.py", True),
    ],
)  # fmt: skip
def test_modules_that_make_tables_count_and_no_others(checkout: Path, module: str, counts: bool):
    before = fingerprint.program(SQL)
    remark(checkout / "pipeline" / module)
    assert (fingerprint.program(SQL) != before) == counts


@pytest.mark.parametrize("library", ["duckdb", "google-re2", "biopython"])
def test_another_version_of_a_library_is_another_program(library: str, monkeypatch):
    before, version_of = fingerprint.program(SQL), fingerprint.version_of
    monkeypatch.setattr(
        fingerprint, "version_of", lambda name: "99" if name == library else version_of(name)
    )
    assert fingerprint.program(SQL) != before


@pytest.mark.parametrize(
    ("script", "counts"),
    [("marts/00_x.sql", True), ("schema/x.sql", True), ("checks/x.sql", False)],
)
def test_sql_that_makes_tables_counts_and_checks_do_not(tmp_path: Path, script: str, counts: bool):
    for room in ("marts", "schema", "checks"):
        (tmp_path / room).mkdir()
    before = fingerprint.program(tmp_path)
    (tmp_path / script).write_text("SELECT 1;\n")
    assert (fingerprint.program(tmp_path) != before) == counts


@pytest.mark.whole  # a server on loopback is asked
def test_a_remark_in_a_command_gives_the_same_set_and_another_rule_another(
    checkout: Path, memory: Warehouse, settings: Settings, clock: FakeClock, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.setattr(Run, "bounds_apply", property(lambda _run: False))
    reference = tmp_path / "reference"
    shutil.copytree(settings.reference, reference)
    write(tmp_path / "corpus" / "all.xml", article(1, "Kratom and pain in mice"))

    def update() -> tuple[bool, str]:
        """Whether nothing differed, and the part of the set's name that its content gives."""
        memory.reference = Reference.load(reference)
        with ReplayServer(Archive.read(tmp_path / "corpus")) as server:
            client = EutilsClient(clock, pace_file=None, base_url=server.url)
            made = memory.update(memory.run(settings, clock, client))
        clock.sleep(DAY)
        return made.compared.is_unchanged, fingerprint.content_id(memory.con, SQL)

    _, content = update()
    remark(checkout / "pipeline" / "commands" / "updating.py")
    assert update() == (True, content)
    topics = reference / "topics.toml"
    changed = topics.read_text(encoding="utf-8").replace(
        '{ word = "kratom*", tag = "tw" },',
        '{ word = "kratom*", tag = "tw" },\n    { word = "salvia", tag = "tiab" },',
    )
    topics.write_text(changed, encoding="utf-8")
    is_unchanged, other = update()
    assert not is_unchanged
    assert other != content
