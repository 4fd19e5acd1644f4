"""What an update may be told, and what it refuses before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError
from pipeline.settings import Options


@pytest.mark.parametrize(
    ("told", "origin"),
    [
        ({}, "pubmed"),
        ({"offline": True}, "archive:demo"),
        ({"offline": True, "archive": Path("/somewhere/trials")}, "archive:trials"),
        ({"from_files": (Path("a.xml"),)}, "archive:files"),
        ({"from_files": (Path("a.xml"),), "name": "mine"}, "archive:mine"),
    ],
)
def test_where_the_data_belongs(told, origin):
    assert Options(**told).origin == origin


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"from_files": (Path("a.xml"),), "offline": True}, "--from reads files"),
        ({"archive": Path("/somewhere/trials")}, "--archive is what --offline replays"),
        ({"name": "mine"}, "--name names an archive"),
        ({"from_files": (Path("a.xml"),), "name": "demo"}, "demo belongs to data/demo"),
        ({"offline": True, "archive": Path("/elsewhere/demo")}, "demo belongs to data/demo"),
        ({"from_files": (Path("a.xml"),), "name": "../../escaped"}, "cannot name an archive"),
    ],
)
def test_what_does_not_go_together_is_refused(told, why):
    with pytest.raises(ConfigurationError, match=why) as caught:
        Options(**told)
    assert caught.value.exit_code == 2
