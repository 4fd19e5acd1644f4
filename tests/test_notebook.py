"""notebooks/tour.ipynb: it runs on a small published set, and says what that set holds."""

from __future__ import annotations

import ast
import os
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from pipeline.run import Options
from pipeline.settings import ROOT, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock
from tests.corpus import article, write

TOUR = ROOT / "notebooks" / "tour.ipynb"
CASE = (("D002363", "Case Reports"),)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The tour, run from notebooks/ with KETUM_DATA pointing at a set of three records."""
    base = tmp_path_factory.mktemp("tour")
    path = write(
        base / "some.xml",
        article(11, "Kratom dependence in a patient with pain", types=CASE, year=2024),
        article(12, "Kratom in mice and pain thresholds", year=2023),
        article(13, "Kratom in January", types=CASE, year=2027),
    )
    run_update(Options(from_files=(path,)), Settings(data=base / "data"), FakeClock())
    notebook = nbformat.read(TOUR, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": TOUR.parent}}
    )
    runtime = base / "jupyter"
    for name in ("runtime", "ipython"):
        (runtime / name).mkdir(parents=True)
    environment = {
        **os.environ,
        "KETUM_DATA": str(base / "data"),
        "IPYTHONDIR": str(runtime / "ipython"),
        "JUPYTER_RUNTIME_DIR": str(runtime / "runtime"),
    }
    client.execute(env=environment)
    return notebook


def shown(notebook: Any, kind: str = "text/plain") -> str:
    """All outputs of one kind, joined."""
    texts = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            texts.append(output.get("text", "") if kind == "text/plain" else "")
            texts.append(output.get("data", {}).get(kind, ""))
    return "\n".join(texts)


def test_it_says_first_what_a_zero_means(executed):
    assert "A 0 here says nothing about the literature" in shown(executed)


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
    assert cells.count("1") == 3


def test_the_chart_is_drawn_without_a_network(executed):
    pages = shown(executed, "text/html")
    assert "ketum-chart" in pages
    assert "vegaEmbed" in pages
    assert "cdn.jsdelivr.net/npm/vega" not in pages.split("ketum-chart")[0]
    assert '<script src="http' not in pages


def test_a_cell_leads_to_its_record_and_to_the_words_behind_it(executed):
    text = shown(executed)
    assert "kratom, 2027, Case report: 1 record(s)" in text
    assert "Kratom in January" in text
    assert "Case Reports" in text  # the tag that made it a case report
    assert "Kratom" in text


def test_it_says_how_many_human_trials_and_which(executed):
    text = shown(executed)
    assert "Randomised trial" in text
    assert "Other human experiment" in text
    page = shown(executed, "text/html")
    assert "concerns_pain" in page


def source_cells() -> list[Any]:
    return [cell for cell in nbformat.read(TOUR, as_version=4).cells if cell.cell_type == "code"]


def test_it_is_committed_without_outputs():
    assert all(cell.outputs == [] and cell.execution_count is None for cell in source_cells())


def test_it_reads_the_published_file_only():
    """A reader needs no checkout: nothing of ours is imported, nothing is opened for writing."""
    imported = set()
    for cell in source_cells():
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported <= {"os", "pathlib", "duckdb", "pandas", "altair", "IPython"}
    text = "\n".join(cell.source for cell in source_cells())
    assert text.count("duckdb.connect(") == text.count("read_only=True")


def test_without_anything_published_it_says_what_to_do(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match="make run"):
        exec(source_cells()[0].source, {})
