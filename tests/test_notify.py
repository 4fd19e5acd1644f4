"""Told when it matters: each event once, nothing lost over a crash, no run held up."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest

from pipeline import cli, events, notify
from pipeline import journal as journals
from pipeline.errors import ConfigurationError
from pipeline.events import Event, Outbox
from pipeline.journal import Journal
from pipeline.notify import Wishes
from tests.corpus import article
from tests.handmade import show_database

pytestmark = pytest.mark.whole

CONCERN = (("ExpressionOfConcernIn", "An invented journal. 2026;1:2", 77),)
TRIAL = (("D016428", "Journal Article"), ("D016449", "Randomized Controlled Trial"))


def event(key: str, kind: str = events.FAILURE) -> Event:
    return Event(key, kind, f"title of {key}", "text")


class Address:
    """An address that takes what it is sent, or refuses the first few times."""

    def __init__(self, refuses: int = 0) -> None:
        self.refuses = refuses
        self.got: list[str] = []

    def __call__(self, told: Event) -> bool:
        if self.refuses:
            self.refuses -= 1
            return False
        self.got.append(told.key)
        return True


@pytest.fixture
def box(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox")


# -- the outbox


def test_an_event_is_sent_once_however_often_it_is_seen(box, clock):
    address = Address()
    for _ in range(3):
        box.note([event("a"), event("b")], clock.now())
        assert box.deliver({"one": address}) == 0
    assert address.got == ["a", "b"]


def test_what_an_address_refuses_waits_for_it_and_goes_to_no_other_twice(box, clock):
    good, bad = Address(), Address(refuses=2)
    box.note([event("a")], clock.now())
    assert [box.deliver({"good": good, "bad": bad}) for _ in range(4)] == [1, 1, 0, 0]
    assert (good.got, bad.got) == (["a"], ["a"])


def test_a_crash_while_sending_loses_nothing(box, clock):
    class Power(BaseException):
        pass

    def cut(_told: Event) -> bool:
        raise Power

    box.note([event("a"), event("b")], clock.now())
    with pytest.raises(Power):
        box.deliver({"one": cut})
    address = Address()
    Outbox(box.directory).deliver({"one": address})
    assert address.got == ["a", "b"]


def test_what_was_there_before_is_never_sent(box, clock):
    box.note([event("old")], clock.now(), as_known=True)
    box.note([event("old"), event("new")], clock.now())
    assert [one.key for one in box.waiting()] == ["new"]


def test_a_spoilt_file_keeps_nothing_from_being_sent(box, clock):
    box.note([event("a")], clock.now())
    (box.directory / "other.json").write_text("{")
    address = Address()
    assert box.deliver({"one": address}) == 0
    assert address.got == ["a"]


# -- what is an event


def titles(settings) -> list[str]:
    return [one.title for one in notify.outbox(settings).waiting()]


def test_the_first_set_tells_nothing_and_later_ones_what_is_new(memory, settings, clock):
    first = article(1, "Kratom and pain in mice", links=CONCERN)
    memory.day(first)
    show_database(settings, memory)
    assert notify.note(settings, Wishes(), clock) == 0
    clock.sleep(86_400)
    memory.day(
        first,
        article(2, "Kratom leaves in soil", links=(("RetractionIn", "Invented. 2026;3:4", 78),)),
        article(3, "Mitragynine and pain: a randomized trial in people", types=TRIAL, mesh=(
            ("D006801", "Humans"),
        )),
    )  # fmt: skip
    show_database(settings, memory)
    assert notify.note(settings, Wishes(), clock) > 0
    told = titles(settings)
    assert "ketum: PMID 2 was retracted" in told
    assert "ketum: PMID 3 may be a trial or human laboratory study" in told
    assert not any("PMID 1" in title for title in told)
    (candidate,) = (e for e in notify.outbox(settings).waiting() if e.kind == events.EXPERIMENT)
    assert "nobody has checked it" in candidate.text
    before = len(told)
    clock.sleep(3_600)
    assert notify.note(settings, Wishes(), clock) == 0
    assert len(titles(settings)) == before


def test_a_study_somebody_has_checked_is_no_candidate() -> None:
    with duckdb.connect() as con:
        con.execute("""
            CREATE SCHEMA marts;
            CREATE TABLE marts.articles AS
                SELECT * FROM (VALUES
                    (1, 'First report', 'RCT', true),
                    (2, 'Second report', 'RCT', false),
                    (3, 'Kinetics', 'NRCT', true)
                ) AS a (pmid, citation, study_type, is_checked);
            CREATE TABLE marts.human_experimental AS
                SELECT unnest([[1, 2], [3]]) AS report_pmids;
            """)
        assert [one.key for one in events.experiments(con)] == ["experiment:2"]


def test_silence_is_told_once_for_each_set(begun, settings, clock):
    clock.sleep(47 * 3_600)
    assert notify.note(settings, Wishes(silent_hours=48), clock) == 0
    clock.sleep(3_600)
    assert notify.note(settings, Wishes(silent_hours=48), clock) == 1
    clock.sleep(86_400)
    assert notify.note(settings, Wishes(silent_hours=48), clock) == 0
    assert titles(settings) == ["ketum: nothing was published for 48 hours"]


def failed(settings, clock, number: int, *, days_ago: float = 0, exit_code: int = 3) -> None:
    as_of = (clock.now() - timedelta(days=days_ago)).isoformat()
    Journal(
        f"run-{number}", "pubmed", "live", as_of, {}, state=journals.FAILED,
        exit_code=exit_code, verdict="PubMed was away. Next: try again.",
    ).save(settings.runs)  # fmt: skip


def test_failures_are_told_with_their_reason(settings, clock):
    failed(settings, clock, 1)
    failed(settings, clock, 2, days_ago=31)
    failed(settings, clock, 3, exit_code=130)
    assert notify.note(settings, Wishes(), clock) == 1
    (told,) = notify.outbox(settings).waiting()
    assert "PubMed was away" in told.text and "run-1" in told.text


def test_many_at_once_are_one_message(settings, clock):
    for number in range(notify.MANY + 1):
        failed(settings, clock, number)
    assert notify.note(settings, Wishes(), clock) == 1
    (told,) = notify.outbox(settings).waiting()
    assert all(f"run-{number}" in told.text for number in range(notify.MANY + 1))
    assert notify.note(settings, Wishes(), clock) == 0


def test_only_the_kinds_that_are_wanted(settings, clock):
    failed(settings, clock, 1)
    assert notify.note(settings, Wishes(kinds=[events.SAFETY]), clock) == 0


# -- the settings file and sending


def write(settings, text: str) -> None:
    settings.data.mkdir(parents=True, exist_ok=True)
    (settings.data / events.FILE).write_text(f"[notify]\n{text}")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('to = ["json://${NOBODY}"]', "NOBODY"),
        ("too = []", "too"),
        ("silent_hours = 0", "silent_hours"),
        ('kinds = ["weather"]', "weather"),
        ("[other]", "other"),
        ("to = [", "ketum.toml"),
    ],
)
def test_a_wrong_settings_file_is_refused_by_name(text, named, settings):
    write(settings, text)
    with pytest.raises(ConfigurationError, match=named):
        notify.read_wishes(settings, {})


def test_secrets_come_from_the_environment(settings):
    write(settings, 'to = ["json://${USER_1}:x@host"]\nheartbeat = "https://host/${PING}"')
    wishes = notify.read_wishes(settings, {"USER_1": "someone", "PING": "uuid"})
    assert wishes is not None
    assert wishes.to == ["json://someone:x@host"] and wishes.heartbeat == "https://host/uuid"


def test_a_command_gets_title_and_text_and_no_key(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("NCBI_API_KEY", "canary")
    out = tmp_path / "told"
    wishes = Wishes(
        command=["sh", "-c", f'cat > "{out}"; echo "$KETUM_TITLE $NCBI_API_KEY" >> "{out}"']
    )
    assert notify.senders(wishes)["command"](event("a"))
    assert out.read_text() == "title of a\n\ntext\ntitle of a \n"


@pytest.mark.parametrize("command", [["false"], ["/no/such/program"]])
def test_a_command_that_fails_leaves_the_message_waiting(command, settings, clock):
    failed(settings, clock, 1)
    assert notify.deliver(settings, Wishes(command=command), clock) == 1
    assert notify.deliver(settings, Wishes(command=["true"]), clock) == 0


def test_an_address_that_apprise_does_not_know_fails_without_a_word_of_it(caplog):
    wishes = Wishes(to=["nothing://user:canary@host"])
    assert not notify.senders(wishes)["address 1"](event("a"))
    assert "canary" not in caplog.text


def test_a_run_is_held_up_no_longer_than_the_limit(settings, monkeypatch, caplog):
    write(settings, 'command = ["sleep", "60"]')
    Journal(
        "run-1", "pubmed", "live", "2026-11-22T00:00:00", {}, state=journals.FAILED
    ).save(settings.runs)  # fmt: skip
    monkeypatch.setattr(events, "SECONDS", 0.2)
    events.after_run(settings, is_published=False)
    assert "the next run tries again" in caplog.text


def test_the_command_line_tries_the_addresses(settings, capsys):
    assert cli.main(["notify", "--test"]) == 2
    write(settings, 'command = ["true"]')
    assert cli.main(["notify", "--test"]) == 0
    write(settings, 'command = ["false"]')
    assert cli.main(["notify", "--test"]) == 5
    assert "command: not taken" in capsys.readouterr().out


def test_a_message_is_kept_as_json_that_people_can_read(box, clock):
    box.note([replace(event("a"), text="größer")], clock.now())
    (path,) = box.directory.iterdir()
    assert json.loads(path.read_text(encoding="utf-8"))["text"] == "größer"
    assert "größer" in path.read_text(encoding="utf-8")
