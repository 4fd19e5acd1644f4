"""What can go wrong: classes of errors, each with its exit code of the contract.

Every message names the cause, the effect on the data, and the next command, so
that a person at a terminal or reading a scheduler's log knows what to do.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_SOURCE = 3
EXIT_CHECK = 4
EXIT_INCOMPLETE = 5
EXIT_LOCKED = 6
EXIT_STALE = 7
EXIT_MACHINE = 8
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


class KetumError(Exception):
    """Base of every error ketum raises on purpose.

    Args:
        cause: what happened, in one sentence.
        effect: what that means for the data held.
        next_step: the command or action that helps.
    """

    exit_code = EXIT_UNEXPECTED

    def __init__(self, cause: str, *, effect: str = "", next_step: str = "") -> None:
        self.cause = cause
        self.effect = effect
        self.next_step = next_step
        super().__init__(self.text())

    def text(self) -> str:
        """Cause, effect, next step: a paragraph, or two after a cause of several lines."""
        cause = self.cause
        if "\n" not in cause and cause[-1:] not in (*".:!?", ""):
            cause += "."  # words of DuckDB or the system, which end without
        rest = [self.effect, f"Next: {self.next_step}" if self.next_step else ""]
        parts = [cause, " ".join(part for part in rest if part)]
        return ("\n" if "\n" in cause else " ").join(part for part in parts if part)


class ConfigurationError(KetumError):
    """Wrong usage, a bad reference file, or a warehouse of another shape."""

    exit_code = EXIT_USAGE


def misused(cause: str, next_step: str) -> ConfigurationError:
    """Options that do not go together, or a value that an option cannot have."""
    return ConfigurationError(f"{cause}.", effect="Nothing was done.", next_step=f"{next_step}.")


class SourceError(KetumError):
    """PubMed (or the archive in its place) could not be read; nothing changed."""

    exit_code = EXIT_SOURCE


class BlockedError(SourceError):
    """NCBI blocks this address, or is closed for maintenance: asking again makes it worse."""


class CheckError(KetumError):
    """A check of the data failed; the run was undone and nothing published."""

    exit_code = EXIT_CHECK


class IncompleteError(KetumError):
    """Part of the work is done and kept; the same command continues it."""

    exit_code = EXIT_INCOMPLETE


class LockedError(KetumError):
    """Another run holds the data directory."""

    exit_code = EXIT_LOCKED


class StaleError(KetumError):
    """What is published is older than asked for."""

    exit_code = EXIT_STALE


class MachineError(KetumError):
    """Trouble on this machine: no space, no rights, damaged bytes, something that is missing."""

    exit_code = EXIT_MACHINE


STOPPED: list[int] = []
"""Exit code of the signal that ended this process, once one came."""


def exit_code_of(error: BaseException) -> int:
    """The exit code of the contract for an exception."""
    if isinstance(error, RuntimeError) and "Query interrupted" in str(error):
        # what DuckDB makes of an exception that a signal's handler raises within a query
        return STOPPED[0] if STOPPED else EXIT_INTERRUPTED
    if isinstance(error, KetumError):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    if isinstance(error, SystemExit) and isinstance(error.code, int):
        return error.code
    if isinstance(error, OSError):
        return EXIT_MACHINE
    return EXIT_UNEXPECTED
