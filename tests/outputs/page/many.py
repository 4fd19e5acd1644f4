"""Many synthetic records for the page, of the length and variety of real ones.

Lengths are those of real kratom records: titles of about 100 characters, citations of 60, a
conflict statement of about 150 in six of ten, funding in four of ten, all different.
"""

from __future__ import annotations

import random
from pathlib import Path

from pipeline.options import Options
from pipeline.settings import Settings
from pipeline.update import run_update
from tests.conftest import FakeClock
from tests.corpus import article, write

TYPES = (
    ("D016428", "Journal Article"), ("D016428", "Journal Article"), ("D016428", "Journal Article"),
    ("D016449", "Randomized Controlled Trial"), ("D002363", "Case Reports"),
    ("D016454", "Review"), ("D000078182", "Systematic Review"), ("D016422", "Letter"),
)  # fmt: skip
WORDS = (
    "mitragynine", "analgesic", "effects", "receptor", "patients", "withdrawal", "in vitro", "rats",
    "mice", "survey", "users", "chronic pain", "alkaloids", "opioid", "dependence", "plasma",
    "extract", "Southeast Asia", "toxicity", "exposure", "cross-sectional", "antinociceptive",
)  # fmt: skip


def _record(number: int, chance: random.Random) -> str:
    words = " ".join(chance.sample(WORDS, 9))
    text = article(
        1_000_000 + number,
        f"Kratom {number}: {words}",
        year=2026 - int(min(chance.expovariate(0.15), 60)),
        types=(chance.choice(TYPES),),
        abstract=" ".join(chance.choices(WORDS, k=130)),
        doi=f"10.1234/j.synthetic.{number}",
    )
    if chance.random() < 0.6:
        said = f"Author {number} " + " ".join(chance.choices(WORDS, k=14))
        text = text.replace(
            "</MedlineCitation>", f"<CoiStatement>{said}</CoiStatement></MedlineCitation>"
        )
    if chance.random() < 0.4:
        grant = f"<Grant><Agency>Institute {number % 700} of Health</Agency></Grant>"
        listed = f'<GrantList CompleteYN="Y">{grant}</GrantList><PublicationTypeList>'
        text = text.replace("<PublicationTypeList>", listed)
    return text


def publish(directory: Path, count: int) -> Path:
    """Publish a set of so many records; returns its page.

    Args:
        directory: an empty one, for the data and the records.
        count: how many records.
    """
    chance = random.Random(1)
    path = write(directory / "many.xml", *(_record(n, chance) for n in range(count)))
    settings = Settings(data=directory / "data")
    run_update(Options(from_files=(path,)), settings, FakeClock())
    return settings.latest.resolve() / "index.html"
