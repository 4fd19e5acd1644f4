"""No pair of identifier and name in the rule files contradicts a real PubMed record."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics
from tests.evidence.conftest import REFERENCE, SHARED

PAIR = re.compile(
    rb"<(?:DescriptorName|PublicationType|NameOfSubstance|SupplMeshName|QualifierName)\b[^>]*?"
    rb'\bUI="([^"]+)"[^>]*>([^<]+)<'
)


def stated() -> dict[str, str]:
    types = load_study_types(REFERENCE / "study_types.toml")
    sets = (types.rules, load_topics(REFERENCE / "topics.toml").matcher.rules)
    return {s.ui: s.value for one in sets for s in one.signals() if s.ui}


def test_one_name_for_one_identifier() -> None:
    types = load_study_types(REFERENCE / "study_types.toml")
    sets = (types.rules, load_topics(REFERENCE / "topics.toml").matcher.rules)
    pairs = {(s.ui, s.value) for one in sets for s in one.signals() if s.ui}
    assert len({ui for ui, _ in pairs}) == len(pairs) == len({name for _, name in pairs})


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared is not here")
def test_pairs_agree_with_real_records() -> None:
    seen: dict[str, set[str]] = {}
    for path in sorted(Path(SHARED).rglob("*.xml*")):
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        for ui, name in set(PAIR.findall(raw)):
            seen.setdefault(ui.decode(), set()).add(name.decode().replace("&amp;", "&"))
    ours = stated()
    wrong = {ui: (ours[ui], seen[ui]) for ui in ours if ui in seen and ours[ui] not in seen[ui]}
    assert not wrong
    by_name = {name: ui for ui, names in seen.items() for name in names}
    assert not {n: (u, by_name[n]) for u, n in ours.items() if by_name.get(n, u) != u}
    marked = set(
        re.findall(r'ui = "(\w+)"[^}]*seen = true', (REFERENCE / "topics.toml").read_text())
    )
    assert marked <= set(seen)
