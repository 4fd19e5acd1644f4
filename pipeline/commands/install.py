"""`ketum install`: the files that let a machine run ketum by itself, with the paths of this one."""

from __future__ import annotations

import argparse
import getpass

from pipeline.commands.parsers import Subparsers
from pipeline.errors import EXIT_OK
from pipeline.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"


def register(commands: Subparsers) -> None:
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
