"""One table of study types by year: the same rows and sums on page, terminal, digest and README."""

from __future__ import annotations

import duckdb
import pytest
from lxml import html

from pipeline import journal as journals
from pipeline.outputs import receipt as receipts
from pipeline.outputs.headline import EMPTY
from pipeline.outputs.receipt import Receipt
from pipeline.settings import ROOT, Settings

pytestmark = pytest.mark.whole

Table = list[list[str]]
"""Rows of cells, the first one the heads."""
SEARCHES = ("kratom", "kratom_pain")


def published(settings: Settings, search: str) -> Table:
    """The table as the set holds it; an empty cell is not known."""
    with duckdb.connect(str(settings.latest.resolve() / "ketum.duckdb"), read_only=True) as con:
        cells = con.execute(
            "SELECT row_order, row_label, column_label, "
            "coalesce(record_count, nullif(held_count, 0)) "
            "FROM marts.headline_table WHERE search = ? ORDER BY row_order, column_order",
            [search],
        ).fetchall()
    heads = list(dict.fromkeys(column for _, _, column, _ in cells))
    rows: dict[int, list[str]] = {}
    for order, label, _, number in cells:
        rows.setdefault(order, [label]).append("" if number is None else str(number))
    return [heads, *rows.values()]


def printed(text: str, search: str) -> Table:
    """The table as plain text has it, below its title."""
    lines = text.partition(f" ({search}): records by kind of study and year\n")[2].splitlines()
    heads = lines[0].removeprefix("kind of study").replace("to ", "to_").split()
    rows = []
    for line in lines[2:]:
        if line.startswith("---"):
            continue
        words = line.split()
        rows.append([" ".join(words[: -len(heads)]), *words[-len(heads) :]])
        if line.startswith("Records"):
            break
    return [[head.replace("to_", "to ") for head in heads], *blank(rows)]


def marked_down(text: str, search: str) -> Table:
    """The table as Markdown has it."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if f"({search}" in line.replace("\\", ""))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().replace("\\", "") for cell in line.strip("|").split("|")])
    return [rows[0][1:], *blank(rows[2:])]


def on_page(page: html.HtmlElement, wanted: Table) -> list[Table]:
    """The tables of the page that have the heads of the wanted one."""
    found = []
    for table in page.iterfind(".//table"):
        heads = [head.text_content().strip() for head in table.iterfind("thead/tr/th")][1:]
        if heads == wanted[0]:
            rows = [
                [cell.text_content().strip() for cell in row] for row in table.iterfind("tbody/tr")
            ]
            found.append([heads, *blank(rows)])
    return found


def blank(rows: Table) -> Table:
    """Dots and words for what is not known become empty cells."""
    unknown = (EMPTY, "not known", f"{EMPTY}not known")
    return [[row[0], *("" if cell in unknown else cell for cell in row[1:])] for row in rows]


@pytest.fixture
def receipt(demonstration: Settings) -> Receipt:
    (journal,) = journals.read_all(demonstration.runs)
    made = Receipt.from_dict(journal.receipt)
    with duckdb.connect(
        str(demonstration.latest.resolve() / "ketum.duckdb"), read_only=True
    ) as con:
        return receipts.replace(made, tables=receipts.headlines(con, made.searches))


@pytest.mark.parametrize("search", SEARCHES)
def test_terminal_digest_readme_and_page_have_the_published_table(
    search: str, demonstration: Settings, receipt: Receipt
):
    wanted = published(demonstration, search)
    assert wanted[0][0].startswith("to ") and wanted[0][-1] == "total"
    assert wanted[-1][0] == "Records" and len(wanted) > 3
    assert printed(receipt.text(), search) == wanted
    digest = (demonstration.latest / "digest.md").read_text(encoding="utf-8")
    assert marked_down(digest, search) == wanted
    readme = ROOT / ("README.md" if search == "kratom_pain" else "data/demo/README.md")
    assert printed(readme.read_text(encoding="utf-8"), search) == wanted
    page = html.parse(str(demonstration.latest / "index.html")).getroot()
    assert wanted in on_page(page, wanted)
