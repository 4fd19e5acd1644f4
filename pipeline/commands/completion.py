"""`ketum completion`: commands, options, tables and codes completed by the shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK, KetumError
from pipeline.settings import Settings

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


def register(commands: Subparsers) -> None:
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


def answer(parser: argparse.ArgumentParser) -> None:
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
