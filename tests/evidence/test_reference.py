"""Reference files people edit: a name nobody reads, a thing said twice, a row without a number."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.evidence.curation import load_known_articles
from pipeline.evidence.reference import SHAPES, Reference, check_shape
from pipeline.rules.file import RuleFile
from pipeline.settings import ROOT
from tests.evidence.conftest import REFERENCE

HEAD = "pmid,doi,year,title\n"


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_the_files_that_ship_have_their_shape(name: str) -> None:
    check_shape(RuleFile(REFERENCE / name), SHAPES[name])


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_every_word_signal_and_phrase_is_used(name: str) -> None:
    file = RuleFile(REFERENCE / name)
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "pipeline/evidence").glob("*.py")]
    text = "".join([file.text, *code])
    listed = re.findall(r'"([\w |]+)"', text)
    used = {*re.findall(r"\{(\w+)\}", text), *re.split(r" \| | without |\n", "\n".join(listed))}
    named = [one for key in ("words", "signals", "phrases") for one in file.data.get(key, {})]
    assert [one for one in named if one not in used] == []


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("overrides.toml", 'version = "1"\n\n[[overide]]\npmid = 1\n', "3: .* reads `overide`"),
        ("overrides.toml", 'versoin = "1"\n', "line 1: nothing reads `versoin`"),
        ("overrides.toml", 'version = "1"\n[overrides]\npmid = 1\n', "2: .* reads `overrides`"),
        ("topics.toml", '[[serach]]\nname = "a"\n', "line 1: nothing reads `serach`"),
        (
            "topics.toml",
            '[[search]]\nname = "a"\n# [[search]]\n[[ search ]]\nname="a"\n',
            r"line 4: \[\[search\]\] a is there twice, first in line 1",
        ),
        (
            "study_types.toml",
            '[[study_type]]\ncode = "X"\n[[study_type]]\ncode = "X"\n',
            r"line 3: \[\[study_type\]\] X is there twice",
        ),
        ("study_types.toml", "[signal.people]\n", "line 1: nothing reads `signal`"),
        (
            "study_types.toml",
            '[[compatible]]\nprimary = "X"\nwith = []\nwhit = []\n',
            "line 1: unknown key `whit`",
        ),
        ("facets.toml", '[[facet]]\nname = "a"\n[[facet]]\nname = "a"\n', "line 3: .* twice"),
        ("registries.toml", '[[registers]]\nname = "a"\n', "line 1: nothing reads `registers`"),
        ("claims.toml", '[[claims]]\nid = "a"\n', "line 1: nothing reads `claims`"),
        ("study_types.toml", '[[together]]\nstudy_type = []\n', "line 1: unknown key"),
    ],
)  # fmt: skip
def test_what_nothing_reads_is_an_error_with_its_line(
    name: str, text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        check_shape(RuleFile(path), SHAPES[name])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "1,,,a\n,,,b\n", "line 3: the article has neither"),
        (HEAD + "NA,n/a,,b\n", "line 2: the article has neither"),
        (HEAD + "1,,,a\n2,,,b\n1,,,c\n", "line 4: 1 stands in line 2 already"),
        (HEAD + ",10.1000/a,,a\n,doi:10.1000/A,,b\n", "line 3: 10.1000/a stands in line 2"),
        (HEAD + "one,,,a\n", "line 2: 'one' is not a PMID"),
        (HEAD + ",somewhere,,a\n", "line 2: 'somewhere' is not a DOI"),
        (HEAD + '1,,,"a\n2,,,b\n', "line 2: the row that begins here"),
        ("pmid,year,title\n1,,a\n", "has no column doi"),
    ],
)
def test_a_known_article_without_its_number_is_an_error_with_its_line(
    text: str, told: str, tmp_path: Path
) -> None:
    path = tmp_path / "known_articles.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=told):
        load_known_articles(path)


def test_the_file_of_a_committed_run_is_taken_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "known_articles.csv"
    path.write_text(HEAD + "1,,,a\n,,,b\n1,,,c\n", encoding="utf-8")
    assert [one.pmid for one in load_known_articles(path, is_strict=False)] == [1, None, 1]


@pytest.mark.parametrize(
    ("name", "wrong", "told"),
    [
        ("overrides.toml", "\n[[overide]]\npmid = 1\n", "nothing reads `overide`"),
        (
            "topics.toml",
            '\n[[search]]\nname = "kratom"\nlabel = "Again"\nmode = "files"\n'
            'topics = ["kratom"]\nminimum = 0\n',
            "kratom is there twice",
        ),
        ("known_articles.csv", "\n,,2020,Leaves,other,A,seen\n", "neither PMID nor DOI"),
    ],
)
def test_no_run_begins_with_such_a_file(name: str, wrong: str, told: str, tmp_path: Path) -> None:
    reference = tmp_path / "reference"
    shutil.copytree(REFERENCE, reference)
    with (reference / name).open("a", encoding="utf-8") as file:
        file.write(wrong)
    with pytest.raises(ConfigurationError, match=told):
        Reference.load(reference)
    assert Reference.load(reference, is_strict=False).topics.searches, (
        "a rebuild takes it as it was"
    )
