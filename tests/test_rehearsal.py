"""A rehearsal of a rebuild: the same as published or named, and nothing of it stays."""

from __future__ import annotations

import shutil

import pytest

from pipeline import backup
from pipeline.errors import CheckError, ConfigurationError, LockedError
from pipeline.storage import hold_lock
from tests.conftest import DAY
from tests.test_rebuild import tables_of

pytestmark = pytest.mark.whole


@pytest.fixture
def two_days(days, settings, clock, database_alone):
    shutil.copytree(days / "two", settings.data, symlinks=True)
    clock.sleep(DAY)
    return settings


@pytest.mark.slow  # rebuilds twice
def test_what_is_made_anew_is_what_is_published_and_leaves_no_trace(two_days, clock, monkeypatch):
    before = tables_of(two_days.warehouse("pubmed"))
    shown = two_days.latest.resolve()
    found = [backup.rehearse(name, two_days, clock) for name in backup.origins(two_days)]
    backup.require_same(found)
    (one,) = found
    assert (one.origin, one.runs, one.differing) == ("pubmed", 2, ())
    assert one.compared > 10 and "are the same" in one.text()
    assert not (two_days.data / ".rehearsal").exists()
    assert tables_of(two_days.warehouse("pubmed")) == before
    assert two_days.latest.resolve() == shown
    assert len(list(two_days.runs.iterdir())) == 2

    # a run that an archive lost shows as a difference
    monkeypatch.setattr(
        backup.journals, "read_all", lambda *_a, real=backup.journals.read_all, **_k:
        real(two_days.runs)[1:],
    )  # fmt: skip
    poorer = backup.rehearse("pubmed", two_days, clock)
    assert "ops.search_hits" in poorer.differing
    with pytest.raises(CheckError, match=r"ops\.search_hits"):
        backup.require_same([poorer])


def test_a_set_that_is_gone_cannot_be_compared_with(begun, clock):
    shutil.rmtree(begun.latest.resolve())
    with pytest.raises(ConfigurationError, match="no published set"):
        backup.rehearse("pubmed", begun, clock)


def test_it_does_not_begin_beside_a_run(settings, clock):
    with hold_lock(settings.lock, "a-run"), pytest.raises(LockedError):
        backup.rehearse("pubmed", settings, clock)
