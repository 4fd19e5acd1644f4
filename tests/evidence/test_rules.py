"""Rule files are checked on load, and the message points to the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.facets import load_facets
from pipeline.evidence.overrides import load_overrides
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import load_topics
from tests.evidence.conftest import REFERENCE

TYPES = (REFERENCE / "study_types.toml").read_text()
TOPICS = (REFERENCE / "topics.toml").read_text()
FACETS = load_facets(
    REFERENCE / "facets.toml", load_study_types(REFERENCE / "study_types.toml"), ["kratom", "pain"]
)
RULE = 'id = "case.nlm"'


def broken(tmp_path: Path, text: str, old: str, new: str) -> tuple[Path, int]:
    """A copy with one passage replaced, and the line the replacement begins on."""
    assert old in text
    path = tmp_path / "rules.toml"
    path.write_text(text.replace(old, new, 1))
    return path, text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (RULE, RULE + '\ncolour = "red"', "unknown key `colour`"),
        (RULE, 'id = "case.nlm2"\nrequires = ["nobody"]', "unknown shared signal `nobody`"),
        (RULE + '\ncode = "CASE"', RULE + '\ncode = "CAES"', "unknown code `CAES`"),
        (RULE, 'id = "case.title"', "twice"),
        (RULE, RULE + "\nrecord_kinds = ['book']", "of one kind"),
    ],
)
def test_points_to_the_rule(tmp_path: Path, old: str, new: str, message: str) -> None:
    path, line = broken(tmp_path, TYPES, old, new)
    with pytest.raises(ConfigurationError) as error:
        load_study_types(path)
    assert message in str(error.value)
    assert "line" in str(error.value)
    if "twice" not in message:
        assert f"line {line}:" in str(error.value)


def test_points_to_the_pattern(tmp_path: Path) -> None:
    path, line = broken(tmp_path, TYPES, r"'\bsingle arm\b'", r"'\bsingle (?=arm)'")
    with pytest.raises(ConfigurationError, match=f"line {line}: pattern"):
        load_study_types(path)


def test_background_cannot_be_asked_for(tmp_path: Path) -> None:
    path, _ = broken(tmp_path, TYPES, 'in = ["own"]', 'in = ["background"]')
    with pytest.raises(ConfigurationError, match="forbidden zone `background`"):
        load_study_types(path)


def test_rule_that_could_not_become_primary_is_refused(tmp_path: Path) -> None:
    step = 'step = "computation, cells, compounds or plants, said plainly"\ncodes = ["INVITRO", '
    path, _ = broken(tmp_path, TYPES, step, step.replace('"INVITRO", ', ""))
    with pytest.raises(ConfigurationError, match="no step of"):
        load_study_types(path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('ui = "D032065"', 'ui = "32065"', "not a MeSH identifier"),
        ('word = "ketum", tag = "tiab"', 'word = "ketum", tag = "all"', "tag must be"),
        ('word = "hot plate"', 'word = "hot-plate"', "no hyphen"),
        ('word = "ketum"', 'word = "Ketum"', "lower case"),
        ('word = "ketum"', 'word = "kakuam"', "is there twice"),
        ('topics = ["kratom", "pain"]', 'topics = ["kratom", "pian"]', "unknown topic `pian`"),
    ],
)
def test_topics_are_checked(tmp_path: Path, old: str, new: str, message: str) -> None:
    path, _ = broken(tmp_path, TOPICS, old, new)
    with pytest.raises(ConfigurationError, match=message):
        load_topics(path)


def test_no_toml_at_all(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_text("version = ")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        load_study_types(path)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_study_types(tmp_path / "missing.toml")


def test_override_of_unknown_type(tmp_path: Path) -> None:
    path = tmp_path / "overrides.toml"
    path.write_text(
        'version = "1"\n[[override]]\npmid = 1\nfield = "study_type"\nvalue = "XX"\n'
        'expect = "CASE"\nwho = "A"\nwhen = 2026-11-22\nwhy = "b"\n'
    )
    with pytest.raises(ConfigurationError, match="line 3: unknown study type `XX`"):
        load_overrides(path, ["CASE"], FACETS, [])
