"""notebooks/: each runs on a small published set, and says what that set holds."""

from __future__ import annotations

import ast
import os
import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.options import Options
from pipeline.settings import ROOT, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, the_database_alone
from tests.corpus import article, write

pytestmark = pytest.mark.whole

TOUR = ROOT / "notebooks" / "tour.ipynb"
CLAIMS = ROOT / "notebooks" / "claims.ipynb"
CASE = (("D002363", "Case Reports"),)
TRIAL = (("D016449", "Randomized Controlled Trial"),)
MICE = (("D051379", "Mice"), ("D000818", "Animals"))
QUOTE = "longer latencies in the hot plate test"


def execute(path: Path, settings: Settings, runtime: Path) -> Any:
    """A notebook, run from its directory with KETUM_DATA pointing at a published set."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    for name in ("runtime", "ipython"):
        (runtime / name).mkdir(parents=True)
    environment = {
        **os.environ,
        "KETUM_DATA": str(settings.data),
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime / "runtime"),
    }
    client.execute(env=environment)
    return notebook


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tour, on a set of four records."""
    base = tmp_path_factory.mktemp("tour")
    path = write(
        base / "some.xml",
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
    )
    settings = Settings(data=base / "data")
    with the_database_alone():
        run_update(Options(from_files=(path,)), settings, FakeClock())
    return execute(TOUR, settings, base / "jupyter")


@pytest.fixture(scope="module")
def executed_claims(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The claim map, on a set of two records, one of which a person read for its claim."""
    base = tmp_path_factory.mktemp("claims")
    path = write(
        base / "some.xml",
        article(21, "Antinociceptive effect of mitragynine in mice", mesh=MICE, year=2021,
                abstract=f"Mice given mitragynine had {QUOTE}."),
        article(22, "Seizures after kratom use", types=CASE, year=2024),
    )  # fmt: skip
    reference = shutil.copytree(ROOT / "data" / "reference", base / "reference")
    readings = reference / "claim_evidence.csv"
    header = readings.read_text(encoding="utf-8").splitlines()[0]
    readings.write_text(
        f"{header}\nanalgesia,21,supports,animal,mice,,{QUOTE},abstract,,A. Reader,2026-11-24\n",
        encoding="utf-8",
    )
    settings = Settings(data=base / "data", reference=reference)
    with the_database_alone():
        run_update(Options(from_files=(path,)), settings, FakeClock())
    return execute(CLAIMS, settings, base / "jupyter")


def shown(notebook: Any, kind: str = "text/plain") -> str:
    """All outputs of one kind, joined."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") if kind == "text/plain" else "")
            texts.append(output.get("data", {}).get(kind, ""))
    return "\n".join(texts)


def test_they_say_first_which_set_it_is_and_what_a_zero_means(executed, executed_claims):
    for notebook in (executed, executed_claims):
        assert "A 0 here says nothing about the literature" in shown(notebook)
        assert "PubMed only; other databases" in shown(notebook)
        assert "Set 2026-11-22-archive-files-" in shown(notebook)


def test_the_table_has_its_counts_marks_and_blanks_and_no_zero(executed):
    pages = [
        output["data"]["text/html"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "<table" in output.get("data", {}).get("text/html", "") and "Case report" in str(output)
    ]
    table = next(page for page in pages if ">kratom<" in page)
    for head in ("2024", "2025~", "2026*", "2027+"):
        assert f">{head}</th>" in table
    cells = [line.split(">")[1].split("<")[0] for line in table.splitlines() if "<td>" in line]
    assert set(cells) <= {"1", ""}, "a zero or NaN where nothing is known"
    assert cells.count("1") == 4


def test_the_chart_is_drawn_without_a_network(executed):
    pages = shown(executed, "text/html")
    assert "ketum-chart" in pages
    assert "vegaEmbed" in pages
    assert "cdn.jsdelivr.net/npm/vega" not in pages.split("ketum-chart")[0]
    assert '<script src="http' not in pages


def test_a_cell_leads_to_its_record_and_to_the_words_behind_it(executed):
    text = shown(executed)
    assert "kratom, 2027, Case reports and series: 1 record(s)" in text
    assert "Kratom in January" in text
    assert "Case Reports" in text  # the tag that made it a case report
    assert "Kratom" in text


def test_it_says_how_many_human_trials_and_which(executed):
    """The answer of marts.human_experimental: one trial, its report, whether pain was measured."""
    (counts,) = [
        output["data"]["text/html"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "held_unchecked_study_count" in output.get("data", {}).get("text/html", "")
    ]
    cells = re.findall(r"<td>(.*?)</td>", counts)
    assert cells == [
        *("kratom", "4", "0", "0", "0", "0", "0", "0", "1", "partial"),
        *("kratom_pain", "3", "0", "0", "0", "0", "0", "0", "1", "partial"),
    ]
    assert "Among the 4 articles held on kratom, 0 studies are confirmed" in shown(executed)
    page = shown(executed, "text/html")
    assert "concerns_pain" in page
    assert "Kratom tea against pain: a randomised trial" in page


def test_the_claim_map_has_no_zero_where_nothing_is_known(executed_claims):
    tables = re.findall(r"<table.*?</table>", shown(executed_claims, "text/html"), re.DOTALL)
    the_map = next(table for table in tables if "remark" in table)
    assert "Shown as its parts, never as one number." in the_map
    rows = re.findall(r"<tr>\s*<th>\d+</th>(.*?)</tr>", the_map, re.DOTALL)
    found = [re.findall(r"<td>(.*?)</td>", row, re.DOTALL) for row in rows]
    assert {cells[0]: cells[2:5] for cells in found}["analgesia"] == ["1", "", "1"]
    assert "0" not in {cell for cells in found for cell in cells[2:5]}
    by_group = next(table for table in tables if ">evidence_group<" in table)
    assert set(re.findall(r"<td>(.*?)</td>", by_group)) == {"1", ""}


def test_a_claim_leads_to_its_record_its_words_and_the_quote_somebody_read(executed_claims):
    text = shown(executed_claims) + shown(executed_claims, "text/html")
    assert "Does kratom or mitragynine reduce pain?\nanalgesia: 1 record(s)" in text
    assert "Antinociceptive effect of mitragynine in mice" in text
    assert "analgesia.antinociception" in text
    assert "1 reading(s), 1 of them of analgesia" in text
    assert QUOTE in text and "A. Reader" in text


def test_its_chart_is_drawn_without_a_network(executed_claims):
    pages = shown(executed_claims, "text/html")
    assert "ketum-claims" in pages and "vegaEmbed" in pages
    assert '<script src="http' not in pages


def source_cells(path: Path) -> list[Any]:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def test_every_notebook_is_run_here():
    assert set((ROOT / "notebooks").glob("*.ipynb")) == {TOUR, CLAIMS}


@pytest.mark.parametrize("path", [TOUR, CLAIMS], ids=lambda path: path.stem)
def test_it_is_committed_without_outputs(path):
    assert all(cell.outputs == [] and cell.execution_count is None for cell in source_cells(path))


@pytest.mark.parametrize("path", [TOUR, CLAIMS], ids=lambda path: path.stem)
def test_it_reads_the_published_file_only(path):
    """A reader needs no checkout: nothing of ours is imported, nothing is opened for writing."""
    imported = set()
    for cell in source_cells(path):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported <= {"os", "pathlib", "duckdb", "pandas", "altair", "IPython"}
    text = "\n".join(cell.source for cell in source_cells(path))
    assert text.count("duckdb.connect(") == text.count("read_only=True") > 0


@pytest.mark.parametrize("path", [TOUR, CLAIMS], ids=lambda path: path.stem)
def test_without_anything_published_it_says_what_to_do(path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="make run"):
        exec(source_cells(path)[0].source, {})
