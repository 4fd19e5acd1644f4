"""A published set made for the page: every kind of record, and titles that mean harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.settings import Options, Settings
from pipeline.update import run_update
from tests.conftest import FakeClock, made_once, publish_live, the_database_alone
from tests.corpus import article, write
from tests.outputs.page.browser import AXE, PROGRAMS, Browser

CASE = (("D002363", "Case Reports"),)
TRIAL = (("D016449", "Randomized Controlled Trial"),)
REVIEW = (("D000078182", "Systematic Review"),)
RETRACTED = (("D016441", "Retracted Publication"),)
PREPRINT = (("D000076942", "Preprint"),)
SCRIPT = "<script>window.harmed = 1</script></script><img src=x onerror='window.harmed = 1'>"
QUOTES = '"Kratom" \'said\' "><b onmouseover="window.harmed=1" x=\' `${1}` $policy {{7*7}}'
TURNED = "كراتوم والألم \u202e kratom turned round"
LONG = "kratom" + "o" * 4000


TOLERANCE = (
    "Twenty-six men in Malaysia, daily kratom users, were randomly assigned to kratom tea or "
    "placebo. Pain tolerance in the cold pressor test was measured. NCT00000001."
)
RATS = (
    "Rats and mice were given mitragynine 10 mg/kg; hot plate and tail flick showed analgesia. In "
    "HEK 293 cells opioid receptor binding assays were run."
)
CALLS = "We read 660 calls to United States poison centers from {} about kratom."


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _records() -> list[str]:
    return [
        article(11, "Kratom for pain: a trial", types=TRIAL, year=2024, doi="10.1000/a(b);2-#c"),
        article(12, "Kratom dependence in a patient with pain", types=CASE, year=2025),
        article(13, "Kratom in mice and pain thresholds", year=2023),
        article(14, "Kratom in January", types=CASE, year=2027),
        article(15, "Kratom: a systematic review", types=REVIEW, year=2022),
        article(16, "Kratom withdrawn", types=RETRACTED, year=2020),
        article(17, "Kratom before print", types=PREPRINT, year=2026),
        article(18, "Kratom corrected", year=2009, links=(("ErratumIn", "J Tests. 2010", 99),)),
        article(19, "Kratom without a year", year=None),
        article(
            20,
            _xml(f"Kratom {SCRIPT}"),
            abstract=f"A secret of its publisher. {_xml(SCRIPT)}",
            types=CASE,
        ),
        article(21, _xml(QUOTES)),
        article(22, TURNED),
        article(23, LONG),
        article(24, "Pain alone", types=TRIAL, year=2021),
        article(
            31, "Kratom tea and pain tolerance: a randomized trial", abstract=TOLERANCE, year=2020
        ),
        article(
            32,
            _xml(f"Kratom tea and sleep: a randomized trial {SCRIPT}"),
            year=2021,
            abstract="Men were randomly assigned to kratom tea or placebo. NCT00000001.",
        ),
        article(33, "Mitragynine lowers pain in rats and mice", abstract=RATS, year=2023),
        article(
            34,
            "Kratom exposures reported to poison centers",
            year=2016,
            abstract=CALLS.format("2010 to 2015"),
        ),
        article(
            35,
            "More kratom exposures reported to poison centers",
            year=2018,
            abstract=CALLS.format("2011 to 2017"),
        ),
        article(36, "Antinociceptive effect of mitragynine in rats", year=2019, types=RETRACTED),
        article(
            37,
            "Antinociceptive effects of kratom: a systematic review",
            types=REVIEW,
            abstract="We searched PubMed for randomized trials.",
            year=2022,
        ),
        article(
            41,
            "Kratom exposures reported to poison centers, withdrawn",
            abstract=CALLS.format("2001 to 2003"),
            types=RETRACTED,
            year=2005,
        ),
        article(
            38,
            "Mitragynine in adults: a randomized trial",
            abstract="Ten healthy volunteers were randomly assigned to mitragynine doses; the "
            "pharmacokinetics were studied.",
            year=2023,
        ),
        article(
            39,
            "Loperamide in adults: a randomized trial",
            abstract="Volunteers were randomly assigned to loperamide or placebo. Background: "
            "kratom is used by some.",
            year=2022,
        ),
        article(
            40,
            "Kratom tea and mood: a randomized trial",
            abstract="Men were randomly assigned to kratom tea or placebo. NCT00000001.",
            types=(*TRIAL, *RETRACTED),
            year=2019,
        ),
        *(article(100 + i, f"Kratom leaf number {i}", year=2015) for i in range(30)),
    ]


@dataclass(frozen=True)
class Published:
    """A published set: where it is, and SQL on it."""

    directory: Path

    @property
    def page(self) -> Path:
        return self.directory / "index.html"

    def sql(self, query: str, parameters: list[object] | None = None) -> list[tuple[Any, ...]]:
        return _connection(self.directory).execute(query, parameters or []).fetchall()


@cache
def _connection(directory: Path) -> duckdb.DuckDBPyConnection:
    """One a set: there is a query for each number, and opening takes longer than asking."""
    return duckdb.connect(str(directory / "ketum.duckdb"), read_only=True)


@pytest.fixture(scope="session")
def set_of_files(tmp_path_factory: pytest.TempPathFactory) -> Published:
    def make(base: Path) -> None:
        path = write(base / "some.xml", *_records())
        with the_database_alone("page", "feeds"):
            run_update(Options(from_files=(path,)), Settings(data=base / "data"), FakeClock())

    base = made_once(tmp_path_factory, "page", make)
    return Published(Settings(data=base / "data").latest.resolve())


@pytest.fixture(scope="session")
def complete_set(tmp_path_factory: pytest.TempPathFactory) -> Published:
    """The same records as a live set: searches are complete, and PubMed's own were counted."""

    def make(base: Path) -> None:
        with the_database_alone("page", "feeds"):
            publish_live(base, *_records())

    base = made_once(tmp_path_factory, "complete", make)
    return Published(Settings(data=base / "data").latest.resolve())


@pytest.fixture(params=["set_of_files", "complete_set"])
def any_set(request: pytest.FixtureRequest) -> Published:
    """Each of the two sets: one that knows no zero, one that knows them all."""
    found: Published = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if None in PROGRAMS:
        pytest.skip("the page in chromium needs its own program: .ci/browser")
    found = Browser()
    yield found
    found.driver.quit()


@pytest.fixture
def opened(browser: Browser, set_of_files: Published) -> Browser:
    browser.open(set_of_files.page)
    return browser


@pytest.fixture(scope="session")
def axe() -> str:
    if not AXE.exists():
        pytest.skip("axe-core needs its own program: .ci/browser")
    return AXE.read_text(encoding="utf-8")
