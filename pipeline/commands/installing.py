"""Commands that let a machine work by itself: schedule, notify, install, completion."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.commands import Subparsers
from pipeline.errors import EXIT_INCOMPLETE, EXIT_OK, ConfigurationError, KetumError
from pipeline.settings import ROOT, Settings

# -- `ketum schedule`: serve the daily deployment


def register_schedule(commands: Subparsers) -> None:
    """Add the command to the parser."""
    schedule = commands.add_parser(
        "schedule",
        help="serve the deployments (needs a Prefect server)",
        description="Serve the deployments until stopped: daily update, weekly full read, monthly "
        "verification and rehearsal of a rebuild, housekeeping, and a question to PubMed each day. "
        "Needs PREFECT_API_URL of a running Prefect server; without one nothing would ever be "
        "scheduled.",
    )
    schedule.set_defaults(work=_schedule)
    add_schedule_options(schedule)


def add_schedule_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of the schedule, for the command and for the process that it becomes."""
    parser.add_argument(
        "--cron", help="when the daily update runs (default: outside NLM's peak hours)"
    )
    parser.add_argument("--timezone", help="IANA time zone of all schedules (default: that of NLM)")
    parser.add_argument(
        "--interval", type=int, metavar="SECONDS",
        help="run the daily update every so often in place of --cron, for trying out",
    )  # fmt: skip
    parser.add_argument(
        "--offline", action="store_true", help="rehearse without PubMed: updates run on an archive"
    )
    parser.add_argument(
        "--archive", type=Path, metavar="DIR",
        help="archive of PubMed XML for --offline (default: the demonstration)",
    )  # fmt: skip


def _schedule(_settings: Settings, arguments: argparse.Namespace) -> int:
    command = [sys.executable, "-m", "flows.schedule"]
    for name in ("cron", "timezone", "interval", "archive"):
        if (value := getattr(arguments, name)) is not None:
            command += [f"--{name}", str(value)]
    if arguments.offline:
        command.append("--offline")
    # This process becomes the other one: pipeline/ never imports Prefect, and a kill of one
    # must not leave the other serving.
    os.execv(command[0], command)


# -- `ketum notify`: send people what they asked to be notified of


def register_notify(commands: Subparsers) -> None:
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
        "--test", action="store_true", help="send a test message, and ping the heartbeat"
    )


def _notify(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import events, notify
    from pipeline.clock import Clock

    wishes = notify.read_wishes(settings, os.environ)
    if wishes is None:
        raise ConfigurationError(
            f"There is no [notify] in {settings.data / events.FILE}, so nobody is notified.",
            effect="Nothing was sent.",
            next_step='write one with `to = ["mailto://..."]`; docs/operations.md has an example.',
        )
    if arguments.test:
        trial = events.Event(
            "trial", "trial", "ketum: a test message", "If you read this, it works."
        )
        failed = [name for name, send in notify.senders(wishes).items() if not send(trial)]
        if not notify.ping(wishes):
            failed.append("heartbeat")
        for name in failed:
            print(f"{name}: not taken")
        return EXIT_INCOMPLETE if failed else EXIT_OK
    return EXIT_INCOMPLETE if notify.deliver(settings, wishes, Clock()) else EXIT_OK


# -- `ketum install`: the files that let a machine run ketum by itself, with the paths of this one

DEPLOY = ROOT / "deploy"


def register_install(commands: Subparsers) -> None:
    """Add the command to the parser."""
    install = commands.add_parser(
        "install",
        help="print systemd units or a crontab with the paths of this machine",
        description="Prints the files with this checkout, data directory and user filled in, and "
        "changes nothing. docs/operations.md says where they go.",
    )
    install.set_defaults(work=_install)
    install.add_argument("what", choices=["systemd", "cron"])
    install.add_argument(
        "--print", action="store_true", required=True, help="print them (they go where you say)"
    )
    install.add_argument("--user", default=getpass.getuser(), help="who runs it (default: you)")


def _install(settings: Settings, arguments: argparse.Namespace) -> int:
    if arguments.what == "cron":
        print(_filled((DEPLOY / "crontab").read_text(encoding="utf-8"), settings, arguments.user))
        return EXIT_OK
    for path in sorted((DEPLOY / "systemd").glob("ketum-*")):
        print(f"# ---- /etc/systemd/system/{path.name}")
        print(_filled(path.read_text(encoding="utf-8"), settings, arguments.user))
    return EXIT_OK


def _filled(text: str, settings: Settings, user: str) -> str:
    hardening = (DEPLOY / "systemd" / "hardening.conf").read_text(encoding="utf-8").rstrip()
    values = {
        "@HARDENING@": hardening, "@HOME@": str(ROOT), "@DATA@": str(settings.data), "@USER@": user,
    }  # fmt: skip
    for name, value in values.items():
        text = text.replace(name, value)
    return text


# -- `ketum completion`: commands, options, tables and codes completed by the shell

SHELLS = ("bash", "zsh", "fish")
REQUESTED = "_ARGCOMPLETE"
"""Stands in the environment when a shell asks what could come next."""

_VALUES = {
    "table": "SELECT schema_name || '.' || table_name FROM duckdb_tables() UNION "
    "SELECT schema_name || '.' || view_name FROM duckdb_views() WHERE NOT internal",
    "search": "SELECT search FROM evidence.searches",
    "claim": "SELECT claim FROM evidence.claims",
    "study_type": "SELECT study_type FROM evidence.study_types",
}
"""What an argument may be, by its name, in the published set."""


def register_completion(commands: Subparsers) -> None:
    """Add the command to the parser."""
    completion = commands.add_parser(
        "completion",
        help="what a shell needs to complete ketum's commands",
        description="Print the lines that make a shell complete commands, options, tables, "
        "searches, claims and study types.",
        epilog="""\
bash   echo 'eval "$(ketum completion bash)"' >> ~/.bashrc
zsh    echo 'eval "$(ketum completion zsh)"' >> ~/.zshrc
fish   ketum completion fish > ~/.config/fish/completions/ketum.fish
""",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    completion.set_defaults(work=_completion)
    completion.add_argument("shell", choices=SHELLS)


def _completion(_settings: Settings, arguments: argparse.Namespace) -> int:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["ketum"], shell=arguments.shell))
    return EXIT_OK


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks what could come next, and end this process."""
    import argcomplete

    for action in _actions(parser):
        if action.dest in _VALUES and action.choices is None:
            action.completer = _in_the_set  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            below: Mapping[str, argparse.ArgumentParser] = action.choices
            for command in below.values():
                yield from _actions(command)


def _in_the_set(action: argparse.Action, **_said: object) -> list[str]:
    """What the argument may be in the latest set; nothing where none is published."""
    from pipeline.outputs import query

    try:
        with query.open_published(Settings.from_environment()) as con:
            return sorted(name for (name,) in con.execute(_VALUES[action.dest]).fetchall())
    except KetumError:
        return []
