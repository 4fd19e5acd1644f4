"""Commands for whoever runs ketum: check it, keep and back up its data, let a machine run it."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline import progress
from pipeline.clock import Clock
from pipeline.commands import Subparsers
from pipeline.errors import (
    EXIT_INCOMPLETE,
    EXIT_OK,
    EXIT_UNEXPECTED,
    ConfigurationError,
    KetumError,
)
from pipeline.escaping import for_terminal_lines
from pipeline.settings import ROOT, Settings

# -- `ketum status` and `ketum doctor`: what is published, what is installed


def register_status(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    status = commands.add_parser("status", help="what is published, and the last run")
    status.set_defaults(work=_status)
    status.add_argument("--json", action="store_true", help="for programs")
    status.add_argument(
        "--max-age", metavar="AGE", help="exit 7 if the set is older, e.g. 36h or 2d"
    )

    doctor = commands.add_parser(
        "doctor",
        help="versions, paths, keys and space; --live: one request to PubMed",
        description="What is installed, where things are, what is set. Asks nobody, but with "
        "--live: that is for the first day online.",
    )
    doctor.set_defaults(work=_doctor)
    doctor.add_argument(
        "--live",
        action="store_true",
        help="make one tiny request to PubMed: reachable, key accepted, rate limit, build "
        "(exit 3: not reachable; 2: invalid key)",
    )
    doctor.add_argument("--json", action="store_true", help="for programs")


def _status(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline import status

    found = status.status(settings, Clock())
    print(json.dumps(found, indent=1) if arguments.json else status.status_text(found))
    status.require_set(found)
    status.require_good_run(found)
    if arguments.max_age:
        status.check_age(found, arguments.max_age)


def _doctor(settings: Settings, arguments: argparse.Namespace) -> int:
    from pipeline import status

    found = status.doctor(settings)
    failure: KetumError | None = None
    if arguments.live:
        from pipeline.pubmed import about_pubmed

        try:
            found += about_pubmed.ask_live(settings, Clock()).findings()
        except KetumError as error:
            failure = error
            found.append(("PubMed", error.cause, False))
    if arguments.json:
        print(json.dumps([{"name": n, "value": v, "ok": ok} for n, v, ok in found], indent=1))
    else:
        for name, value, ok in found:
            print(for_terminal_lines([f"{'  ' if ok else '! '}{name:16} {value}"]))
    if failure:
        raise failure
    return EXIT_OK if all(ok for _, _, ok in found) else EXIT_UNEXPECTED


# -- `ketum verify`: whether a published set or a raw archive is whole


def register_verify(commands: Subparsers) -> None:
    """Add the command to the parser."""
    verify = commands.add_parser(
        "verify",
        help="whether a published set or a raw archive is whole",
        description="Hold a published set against its manifest, or a raw archive against its "
        "ledgers and journals. Changes nothing; exit 4 if something is damaged.",
    )
    verify.set_defaults(work=_verify)
    verify.add_argument(
        "path",
        nargs="?",
        type=Path,
        metavar="PATH",
        help="a set or an archive (default: the latest set and every archive)",
    )
    verify.add_argument("--json", action="store_true", help="for programs")


def _verify(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline import verify

    with progress.of("verify"):
        reports = verify.verify(settings, arguments.path)
    if arguments.json:
        print(json.dumps([report.as_dict() for report in reports], indent=1))
    else:
        for report in reports:
            print(report.text())
    verify.require_whole(reports)


# -- `ketum keep`: sets that stay, however old, because they are cited somewhere


def register_keep(commands: Subparsers) -> None:
    """Add the command to the parser."""
    keep = commands.add_parser(
        "keep",
        help="keep a published set for good, e.g. one that is cited",
        description="The last ten sets of each origin are kept, and those named here. Without SET: "
        "lists what is kept on purpose.",
    )
    keep.set_defaults(work=_keep)
    keep.add_argument("set_id", nargs="?", metavar="SET", help="name of its directory")
    keep.add_argument("--let-go", action="store_true", help="no longer keep it")


def _keep(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.outputs import sets

    if arguments.set_id and arguments.let_go:
        sets.let_go(settings, arguments.set_id)
    elif arguments.set_id:
        sets.keep(settings, arguments.set_id)
    for name in sets.kept(settings):
        print(name)


# -- `ketum runs`: undo runs that must not count


def register_runs(commands: Subparsers) -> None:
    """Add the command to the parser."""
    runs = commands.add_parser("runs", help="undo runs that must not count")
    actions = runs.add_subparsers(title="actions", required=True, metavar="ACTION")
    forget = actions.add_parser(
        "forget",
        help="undo the newest runs, e.g. those under a clock that was ahead",
        description="Undo the newest runs of their origin: the warehouse is rebuilt from the runs "
        "before them, their sets are removed, `latest` shows the newest set that is left, and "
        "journals and ledgers move to data/forgotten/. What they brought stays in the raw archive.",
    )
    forget.set_defaults(work=_forget)
    forget.add_argument("run_ids", nargs="+", metavar="RUN", help="name of the run's directory")


def _forget(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.rebuild import forget

    print(forget(arguments.run_ids, settings))


# -- `ketum backup` and `ketum restore`


def register_backup(commands: Subparsers) -> None:
    """Add the commands to the parser."""
    backup = commands.add_parser(
        "backup",
        help="write what nothing else can give back into one file",
        description="Raw archives, journals, sets kept on purpose, ketum.toml: an uncompressed tar "
        "(its files are compressed), written under the run's lock. `ketum restore` makes the rest "
        "of it.",
    )
    backup.set_defaults(work=_backup)
    backup.add_argument("file", type=Path, metavar="FILE", help="a new file")

    restore = commands.add_parser(
        "restore",
        help="restore a backup into an empty data directory",
        description="Every file is held against its SHA-256 before anything is put in place; then "
        "warehouses and newest sets are rebuilt.",
    )
    restore.set_defaults(work=_restore)
    restore.add_argument("file", type=Path, metavar="FILE", help="what `ketum backup` wrote")


def _backup(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.backup import backup

    print(backup(settings, arguments.file))


def _restore(settings: Settings, arguments: argparse.Namespace) -> None:
    from pipeline.backup import restore

    print(restore(settings, arguments.file))


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


def _install(settings: Settings, arguments: argparse.Namespace) -> None:
    in_units = {"checkout": str(ROOT), "user": arguments.user}
    if arguments.what == "systemd":  # cron takes the rest of the line, whatever it is
        in_units["data directory"] = str(settings.data)
    for what, value in in_units.items():
        if re.search(r"[\s\"'\\%$;]", value):
            raise ConfigurationError(
                f"The {what} {value!r} has a blank, a quotation mark or another character that "
                f"{arguments.what} reads as something else.",
                effect="Nothing was printed.",
                next_step="choose a name without (KETUM_DATA names the data directory).",
            )
    if arguments.what == "cron":
        print(_filled((DEPLOY / "crontab").read_text(encoding="utf-8"), settings, arguments.user))
        return
    for path in sorted((DEPLOY / "systemd").glob("ketum-*")):
        print(f"# ---- /etc/systemd/system/{path.name}")
        print(_filled(path.read_text(encoding="utf-8"), settings, arguments.user))


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


def _completion(_settings: Settings, arguments: argparse.Namespace) -> None:
    from argcomplete.shell_integration import shellcode

    print(shellcode(["ketum"], shell=arguments.shell))


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
