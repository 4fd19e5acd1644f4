"""docs/tutorial.md, block by block in its order, on the demonstration."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.settings import ROOT

pytestmark = pytest.mark.whole

PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def here(demonstration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of the reader's, with the demonstration published."""
    monkeypatch.setenv("KETUM_DATA", str(demonstration.data))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fits(shown: str, printed: str) -> bool:
    """Whether the lines shown stand in what was printed, in order; `...` stands for anything."""
    parts = [re.escape(part.strip()) for part in shown.strip().split("...")]
    return re.search(".*?".join(parts), printed, re.DOTALL) is not None


def test_its_commands_print_what_it_shows_and_its_program_draws(here: Path, capsys):
    printed, shown = "", 0
    for language, text in BLOCKS:
        if language == "sh":
            printed = ""
            for line in text.splitlines():
                program, *arguments = shlex.split(line)
                assert program == "ketum" and main(arguments) == 0, line
            printed = capsys.readouterr().out
        elif language == "text":
            assert fits(text, printed), f"{text}\nis not in\n{printed}"
            shown += 1
        else:
            exec(compile(text, "chart.py", "exec"), {})
    assert shown == sum(language == "sh" for language, _ in BLOCKS)
    chart = (here / "chart.html").read_text(encoding="utf-8")
    assert "Kratom: records held" in chart and 'src="http' not in chart
    assert list(here.glob("ketum_kratom_pain_*"))


@pytest.mark.parametrize(
    ("shown", "printed", "is_so"),
    [
        ("a ... c", "x\na b\nc", True),
        ("one\n...\nthree", "one\ntwo\nthree", True),
        ("one\nthree", "one\ntwo\nthree", False),
        ("three ... one", "one two three", False),
    ],
)
def test_what_is_shown_must_stand_there_in_its_order(shown: str, printed: str, is_so: bool):
    assert fits(shown, printed) is is_so
