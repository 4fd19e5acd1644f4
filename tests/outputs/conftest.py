"""Sets of four days that several files read: a beginning, what is new, and nothing new."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from pipeline.settings import Settings
from tests.conftest import DAY, FakeClock, made_once, publish_live, the_database_alone
from tests.corpus import article

CASE = (("D002363", "Case Reports"),)
OLD = article(11, "Kratom in mice", year=2024)
HOSTILE = (
    "Kratom <script>alert(1)</script> ]]> \"quotes\" 'and' &amp; "
    "\u202eright to left\u202c \u03bc-opioid \U0001f33f"
)
POISON = article(
    12,
    "Kratom exposures reported to United States poison centers, 2011-2017: liver injury and deaths",
    entered="2026-11-22",
    abstract="We analysed calls to poison centers from 2011 through 2017. Among exposures to "
    "kratom, liver injury was seen in 20 patients and 11 deaths were reported.",
)
MICE = article(
    13,
    "Antinociceptive effect of mitragynine in the hot plate test in mice",
    mesh=(("D051379", "Mice"), ("D000818", "Animals")),
    entered="2026-11-22",
)
NEW = (POISON, MICE, article(14, escape(HOSTILE), types=CASE, entered="2026-11-22"))


@pytest.fixture(scope="session")
def four_days(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """One old record; three new ones; the same again on two quiet days. Read only.

    With feeds; on the last three days with pages, on the quiet ones with tables.
    """

    def make(base: Path) -> None:
        clock = FakeClock()
        looked_at = ["feeds"]
        for day, also in enumerate(("feeds", "page", "tables", "tables"), 1):
            looked_at.append(also)
            with the_database_alone(*looked_at):
                publish_live(base, OLD, *(NEW if day > 1 else ()), clock=clock)
            clock.sleep(DAY)

    return Settings(data=made_once(tmp_path_factory, "four_days", make) / "data")
