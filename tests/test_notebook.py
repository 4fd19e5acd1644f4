"""notebooks/: each runs on two small published sets, and says what they hold."""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path
from typing import Any

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.outputs.headline import headline
from pipeline.settings import ROOT, Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

pytestmark = pytest.mark.whole

TOUR, CLAIMS, COMPARE = (
    ROOT / "notebooks" / f"{name}.ipynb" for name in ("tour", "claims", "compare")
)
EACH = pytest.mark.parametrize("path", [TOUR, CLAIMS, COMPARE], ids=lambda path: path.stem)
CASE = (("D002363", "Case Reports"),)
TRIAL = (("D016449", "Randomized Controlled Trial"),)
MICE = (("D051379", "Mice"), ("D000818", "Animals"))
QUOTE = "longer latencies in the hot plate test"
FIRST = (
    article(11, "Kratom dependence in a patient with pain", types=CASE, year=2024),
    article(12, "Kratom in mice and pain thresholds", year=2023),
    article(13, "Kratom in January", types=CASE, year=2027),
    article(
        14,
        "Kratom tea against pain: a randomised trial",
        types=TRIAL,
        year=2025,
        abstract="Men were randomly assigned to kratom tea or placebo; pain was rated.",
    ),
    article(15, "Kratom leaves long ago", year=1988),
    article(16, "Kratom without a year", year=None),
)
SECOND = (
    article(12, "Kratom and pain: a case report", year=2023, types=CASE, revised="2026-11-22"),
    article(21, "Antinociceptive effect of mitragynine in mice", mesh=MICE, year=2021,
            abstract=f"Mice given mitragynine had {QUOTE}."),
)  # fmt: skip


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two sets of one origin, a day apart; a person read one record for its question."""
    base = tmp_path_factory.mktemp("notebooks")
    reference = shutil.copytree(ROOT / "data" / "reference", base / "reference")
    readings = reference / "claim_evidence.csv"
    header = readings.read_text(encoding="utf-8").splitlines()[0]
    readings.write_text(
        f"{header}\nanalgesia,21,supports,animal,mice,,{QUOTE},abstract,,A. Reader,2026-11-24\n",
        encoding="utf-8",
    )
    made, clock = Settings(data=base / "data", reference=reference), FakeClock()
    with the_database_alone("marts"):
        for name, records in (("first.xml", FIRST), ("second.xml", SECOND)):
            run_update(Options(from_files=(write(base / name, *records),)), made, clock)
            clock.sleep(86_400)
    _an_early_set(made)
    return made


def _an_early_set(made: Settings) -> None:
    """Between the two, one by a ketum that had no table of the headline."""
    early = made.published / "2026-11-22-archive-files-early"
    early.mkdir()
    with duckdb.connect(str(early / "ketum.duckdb")) as con:
        con.execute("CREATE SCHEMA ops")
        con.execute("CREATE TABLE ops.warehouse AS SELECT 'archive:files' AS origin")
        con.execute("CREATE TABLE ops.runs AS SELECT TIMESTAMP '2026-11-22 18:00:00' AS as_of")


@pytest.fixture(scope="module")
def executed(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> dict[Path, Any]:
    """Each notebook, run from its directory with KETUM_DATA pointing at the published sets.

    They share a kernel, which loads pandas and altair once and forgets all names in between.
    """
    notebooks = {path: nbformat.read(path, as_version=4) for path in (TOUR, CLAIMS, COMPARE)}
    together = nbformat.v4.new_notebook()
    for notebook in notebooks.values():
        together.cells += [*notebook.cells, nbformat.v4.new_code_cell("%reset -f")]
    client = NotebookClient(
        together, timeout=120, kernel_name="python3", resources={"metadata": {"path": TOUR.parent}}
    )
    runtime = tmp_path_factory.mktemp("runtime")
    for name in ("runtime", "ipython"):
        (runtime / name).mkdir(parents=True)
    environment = {
        **os.environ,
        "KETUM_DATA": str(settings.data),
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime / "runtime"),
    }
    client.execute(env=environment)
    return notebooks


@pytest.fixture(scope="module")
def tour(executed: dict[Path, Any]) -> Any:
    return executed[TOUR]


@pytest.fixture(scope="module")
def claims(executed: dict[Path, Any]) -> Any:
    return executed[CLAIMS]


@pytest.fixture(scope="module")
def compare(executed: dict[Path, Any]) -> Any:
    return executed[COMPARE]


def shown(notebook: Any, kind: str = "text/plain") -> str:
    """All outputs of one kind, joined."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") if kind == "text/plain" else "")
            texts.append(output.get("data", {}).get(kind, ""))
    return "\n".join(texts)


def tables(notebook: Any) -> list[list[list[str]]]:
    """The tables shown, as rows of cells, heads first."""
    found = re.findall(r"<table.*?</table>", shown(notebook, "text/html"), re.DOTALL)
    rows = [re.findall(r"<tr.*?</tr>", table, re.DOTALL) for table in found]
    cell = re.compile(r"<t[hd][^>]*>(.*?)</t[hd]>", re.DOTALL)
    return [[cell.findall(row) for row in table] for table in rows]


def test_they_say_first_which_set_it_is_and_what_a_zero_means(tour, claims, compare):
    for notebook in (tour, claims, compare):
        assert "A 0 here says nothing about the literature" in shown(notebook)
        assert "PubMed only; other databases" in shown(notebook)
    assert "Set 2026-11-23-archive-files-" in shown(tour)
    assert re.search(r"Before: 2026-11-22-\S+\. After: 2026-11-23-", shown(compare))


def test_the_headline_table_is_that_of_every_other_output(tour, settings):
    """The same rows, columns and sums, an empty cell where the others have a dot."""
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        for search in ("kratom", "kratom_pain"):
            made = headline(con, search)
            (table,) = (table for table in tables(tour) if search in (row[0] for row in table[:2]))
            # pandas names the index in a row of heads of its own
            heads, rows = table[0], table[2:]
            assert heads[1:] == list(made.header[1:])
            assert rows == [[cell.replace(".", "") for cell in row] for row in made.rows]
            assert ("undated" in heads) == (search == "kratom")


def test_the_charts_are_short_and_drawn_without_a_network(tour, claims, compare):
    for notebook, count in ((tour, 2), (claims, 1), (compare, 1)):
        cells = [cell for cell in notebook.cells if "alt.Chart(" in cell.source]
        assert len(cells) == count
        for cell in cells:
            assert len(cell.source.splitlines()) < 10
            (page,) = [output["data"]["text/html"] for output in cell.outputs]
            assert "vegaEmbed" in page and 'src="http' not in page


@EACH
def test_it_begins_with_parameters_and_asks_for_a_question_of_the_reader(path: Path):
    first, *cells = source_cells(path)
    assert first.source.startswith("# Parameters: ") and "SEARCH = " in first.source
    asking = [cell for cell in cells if cell.source.startswith("# your question here")]
    assert asking and all(len(cell.source.splitlines()) <= 10 for cell in asking)


def test_a_cell_leads_to_its_record_and_to_the_words_behind_it(tour):
    text = shown(tour)
    assert "kratom, 2027, Case reports and series: 1 record(s)" in text
    assert "Kratom in January" in text
    assert "Case Reports" in text  # the tag that made it a case report


def test_it_answers_how_many_studies_in_people_and_which(tour, settings):
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        (sentence,) = con.execute(
            "SELECT sentence FROM marts.answer WHERE search = 'kratom'"
        ).fetchone()
    assert "0 studies are confirmed" in sentence and "1 is not yet checked" in sentence
    assert sentence in shown(tour)
    (held,) = (table for table in tables(tour) if table[0][1:] == ["held"])
    assert ["held_unchecked_study_count", "1"] in held
    assert "Kratom tea against pain: a randomised trial" in shown(tour, "text/html")


def test_the_map_of_questions_has_no_zero_where_nothing_is_known(claims):
    the_map = next(table for table in tables(claims) if "remark" in table[0])
    rows = {row[1]: row for row in the_map[1:]}
    counts = dict(zip(the_map[0], rows["analgesia"], strict=True))
    assert (counts["looked"], counts["ruled_out"]) == ("2", "")
    assert "0" not in {cell for row in the_map[1:] for cell in row[3:11]}
    assert any("Shown as its parts, never as one number." in row for row in the_map)


def test_a_question_leads_to_its_record_its_words_and_the_quote_somebody_read(claims):
    text = shown(claims) + shown(claims, "text/html")
    assert "Does kratom or mitragynine reduce pain?\nanalgesia: 2 record(s)" in text
    assert "Antinociceptive effect of mitragynine in mice" in text
    assert "analgesia.antinociception" in text
    assert "1 reading(s), 1 of them of analgesia" in text
    assert QUOTE in text and "A. Reader" in text


def test_two_sets_are_compared_row_by_row_and_record_by_record(compare):
    totals = next(table for table in tables(compare) if "change" in table[0])
    assert ["Records", "6", "7", "1"] in totals
    (moved,) = (table for table in tables(compare) if "what" in table[0])
    assert [row[1:4] for row in moved[1:]] == [["came", "21", "2021"]]
    (changed,) = (table for table in tables(compare) if "is_retracted" in table[0])
    assert [row[1] for row in changed[1:]] == ["12"]
    text = shown(compare)
    assert "Among the 6 articles held" in text and "Among the 7 articles held" in text


def test_the_parameters_name_the_sets(settings, monkeypatch):
    """The other way round, what came is what left."""
    newer, older = sorted(
        (path.parent.name for path in settings.published.glob("2*/manifest.json")), reverse=True
    )
    monkeypatch.setenv("KETUM_DATA", str(settings.data))
    here: dict[str, Any] = {}
    parameters, *cells = source_cells(COMPARE)
    exec(parameters.source.replace("BEFORE = None", f"BEFORE = {newer!r}")
         .replace("AFTER = None", f"AFTER = {older!r}"), here)  # fmt: skip
    for cell in cells:
        exec(cell.source, here)
    here["con"].close()
    assert here["moved"][["what", "pmid"]].to_numpy().tolist() == [["left", 21]]


def source_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_every_notebook_is_run_here():
    assert set((ROOT / "notebooks").glob("*.ipynb")) == {TOUR, CLAIMS, COMPARE}


@EACH
def test_it_is_committed_without_outputs(path: Path):
    assert all(cell.outputs == [] and cell.execution_count is None for cell in source_cells(path))


@EACH
def test_it_reads_the_published_file_only(path: Path):
    """A reader needs no checkout: nothing of ours is imported, nothing is opened for writing."""
    imported = set()
    for cell in source_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported <= {"os", "pathlib", "duckdb", "pandas", "altair"}  # what its first cell names
    text = "\n".join(cell.source for cell in source_cells(path))
    assert text.count("duckdb.connect(") == text.count("read_only=True") > 0
    assert text.count("ATTACH") == text.count("(READ_ONLY)")


@EACH
def test_without_anything_published_it_says_what_to_do(path: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    here: dict[str, Any] = {}
    with pytest.raises(FileNotFoundError, match="make run"):
        for cell in source_cells(path)[:2]:
            exec(cell.source, here)
