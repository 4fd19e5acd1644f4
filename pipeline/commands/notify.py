"""`ketum notify`: send people what they asked to be notified of."""

from __future__ import annotations

import argparse
import os

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_INCOMPLETE, EXIT_OK, ConfigurationError
from pipeline.settings import Settings


def register(commands: Subparsers) -> None:
    """Add the command to the parser."""
    notify = commands.add_parser(
        "notify",
        help="send what waits, and say so if nothing was published for long",
        description="After each run events are noted and sent, as [notify] in the data directory's "
        "ketum.toml asks for. This does the same at any time: call it by cron, and silence is "
        "noticed too. Exit 5 if an address did not take a message, which then waits.",
    )
    notify.set_defaults(work=_notify)
    notify.add_argument(
        "--test", action="store_true", help="send a message of trial, and ping the heartbeat"
    )


def _notify(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import notify
    from pipeline.clock import Clock
    from pipeline.outbox import Event

    wishes = notify.read_wishes(settings, os.environ)
    if wishes is None:
        raise ConfigurationError(
            f"There is no [notify] in {settings.data / notify.FILE}: nobody wants to be told.",
            effect="Nothing was sent.",
            next_step='write one with `to = ["mailto://..."]`; docs/operations.md has an example.',
        )
    if arguments.test:
        trial = Event("trial", "trial", "ketum: a message of trial", "If you read this, it works.")
        failed = [name for name, send in notify.senders(wishes).items() if not send(trial)]
        if not notify.ping(wishes):
            failed.append("heartbeat")
        for name in failed:
            print(f"{name}: not taken")
        return EXIT_INCOMPLETE if failed else EXIT_OK
    return EXIT_INCOMPLETE if notify.deliver(settings, wishes, Clock()) else EXIT_OK
