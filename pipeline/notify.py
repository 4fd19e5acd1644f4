"""Tell people: `[notify]` in DATA/ketum.toml, an outbox, and a process of its own that sends.

    [notify]
    to = ["mailto://${MAIL_USER}:${MAIL_PASSWORD}@example.org", "json://example.org/hook"]
    command = ["/usr/local/bin/tell"]
    heartbeat = "https://example.org/ping/${PING_ID}"
    silent_hours = 48
    kinds = ["failure", "silence", "safety", "experiment"]

Addresses are those of Apprise, which knows some hundred services; `${NAME}` is taken from the
environment, where secrets belong. A run never waits longer than `events.SECONDS` for any of it, and
never fails by it.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipeline import events
from pipeline.clock import Clock
from pipeline.errors import ConfigurationError, KetumError, LockedError
from pipeline.events import FILE, Event, Outbox
from pipeline.settings import Settings, environment_of_others
from pipeline.storage import hold_lock

log = logging.getLogger("ketum")

COMMAND_SECONDS = 30.0
PING_SECONDS = 10.0
MANY = 5
"""Events of a kind that are sent as messages of their own."""
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Wishes(BaseModel):
    """What `[notify]` says.

    Attributes:
        to: addresses of Apprise.
        command: a program that gets the message on stdin, its title in KETUM_TITLE.
        heartbeat: an address that is asked for after each run that published.
        silent_hours: without a new set for so long, that is an event.
        kinds: of the events that are sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: list[str] = Field(default_factory=list)
    command: list[str] = Field(default_factory=list)
    heartbeat: str | None = None
    silent_hours: int = Field(default=48, ge=1)
    kinds: list[str] = Field(default_factory=lambda: list(events.KINDS))

    @field_validator("kinds")
    @classmethod
    def _known(cls, kinds: list[str]) -> list[str]:
        if unknown := [kind for kind in kinds if kind not in events.KINDS]:
            raise ValueError(f"{unknown[0]} is not one of {', '.join(events.KINDS)}")
        return kinds


def read_wishes(settings: Settings, environment: Mapping[str, str]) -> Wishes | None:
    """What the settings file asks for, secrets filled in; None if nobody asked for anything.

    Raises:
        ConfigurationError: the file is wrong, or a variable it names is not set.
    """
    path = settings.data / FILE
    try:
        body = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise _wrong(path, str(error)) from None
    if unknown := sorted(set(body) - {"notify"}):
        raise _wrong(path, f"[{unknown[0]}] is unknown; there is [notify]")
    if "notify" not in body:
        return None
    try:
        wishes = Wishes.model_validate(body["notify"])
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise _wrong(path, f"notify.{where}: {first['msg']}") from None

    def filled(text: str) -> str:
        def value(match: re.Match[str]) -> str:
            if not environment.get(match[1]):
                raise _wrong(path, f"${{{match[1]}}} is not set in the environment")
            return environment[match[1]]

        return _VARIABLE.sub(value, text)

    return wishes.model_copy(
        update={
            "to": [filled(address) for address in wishes.to],
            "heartbeat": filled(wishes.heartbeat) if wishes.heartbeat else None,
        }
    )


def _wrong(path: Path, why: str) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be used: {why}.",
        effect="Nobody is notified; runs go on.",
        next_step="correct it, then `ketum notify --test`.",
    )


def outbox(settings: Settings) -> Outbox:
    """The outbox of a data directory."""
    return Outbox(settings.data / "notify")


def note(settings: Settings, wishes: Wishes, clock: Clock) -> int:
    """Note what can be seen now and was not noted before; returns how many messages wait.

    What the first set of an origin holds is noted as known and not sent: it was there before.
    Many events of a kind at once become one message.
    """
    box, now = outbox(settings), clock.now()
    seen = [
        event
        for event in events.see(settings, clock, wishes.silent_hours)
        if event.kind in wishes.kinds and not box.knows(event.key)
    ]
    origin = events.origin_shown(settings)
    begun = Event(f"begun:{origin}", "begun", "", "")
    if origin is not None and not box.knows(begun.key):
        held = [event for event in seen if event.kind in events.OF_A_SET]
        box.note([*held, begun], now, as_known=True)
        seen = [event for event in seen if event.kind not in events.OF_A_SET]
    count = 0
    for kind in events.KINDS:
        of_kind = [event for event in seen if event.kind == kind]
        if len(of_kind) <= MANY:
            count += box.note(of_kind, now)
        else:
            # the one message first: a crash in between sends something twice rather than never
            count += box.note([_bundle(kind, of_kind)], now)
            box.note(of_kind, now, as_known=True)
    return count


def _bundle(kind: str, several: list[Event]) -> Event:
    keys = hashlib.sha256("\n".join(event.key for event in several).encode()).hexdigest()
    return Event(
        f"bundle:{keys[:24]}",
        kind,
        f"ketum: {len(several)} messages at once ({kind})",
        "\n\n".join(f"{event.title}\n{event.text}" for event in several),
    )


def senders(wishes: Wishes) -> dict[str, Callable[[Event], bool]]:
    """How to send to each address, by a name that gives no secret away."""
    import apprise

    def by_apprise(address: str) -> Callable[[Event], bool]:
        def send(event: Event) -> bool:
            target = apprise.Apprise()
            if not target.add(address):
                log.warning("Apprise does not know an address of [notify] (see its wiki).")
                return False
            return bool(target.notify(title=event.title, body=f"{event.text}\n\n[{event.key}]"))

        return send

    def by_command(event: Event) -> bool:
        done = subprocess.run(
            wishes.command,
            input=f"{event.title}\n\n{event.text}\n",
            env={**environment_of_others(), "KETUM_TITLE": event.title, "KETUM_EVENT": event.key},
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        return done.returncode == 0

    found = {f"address {number}": by_apprise(one) for number, one in enumerate(wishes.to, 1)}
    if wishes.command:
        found["command"] = by_command
    return {name: _never_raising(name, send) for name, send in found.items()}


def _never_raising(name: str, send: Callable[[Event], bool]) -> Callable[[Event], bool]:
    def safe(event: Event) -> bool:
        try:
            taken = send(event)
        except Exception as error:
            log.warning("%s of [notify] failed (%s).", name, type(error).__name__)
            return False
        if not taken:
            log.warning("%s of [notify] did not take a message; it is sent again later.", name)
        return taken

    return safe


def deliver(settings: Settings, wishes: Wishes, clock: Clock) -> int:
    """Note what is new and send what waits; returns how many events still wait.

    Raises:
        LockedError: another process is sending.
    """
    with hold_lock(settings.data / "notify.lock", "notify"):
        note(settings, wishes, clock)
        return outbox(settings).deliver(senders(wishes))


def ping(wishes: Wishes) -> bool:
    """Ask for the heartbeat address; returns whether it answered well."""
    import requests

    if wishes.heartbeat is None:
        return True
    try:
        return requests.get(wishes.heartbeat, timeout=PING_SECONDS).ok
    except requests.RequestException as error:
        log.warning("The heartbeat address did not answer (%s).", type(error).__name__)
        return False


def tell(settings: Settings, event: Event, clock: Clock) -> None:
    """Note an event that no journal mentions, such as a failed verification, and send it."""
    try:
        wishes = read_wishes(settings, os.environ)
        if wishes is not None and event.kind in wishes.kinds:
            outbox(settings).note([event], clock.now())
    except (KetumError, OSError) as error:
        log.warning("Nobody could be notified (%s).", error)
        return
    events.after_run(settings, is_published=False)


def main(argv: list[str]) -> int:
    """The process of `events.after_run`."""
    from pipeline import logs

    settings = Settings.from_environment()
    logs.configure(settings, quiet=True)
    try:
        wishes = read_wishes(settings, os.environ)
        if wishes is not None:
            if "--published" in argv:
                ping(wishes)
            with suppress(LockedError):
                deliver(settings, wishes, Clock())
    except KetumError as error:
        log.warning("%s", error.text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
