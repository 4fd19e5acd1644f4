"""CSV files that people write, row by row; a mistake is reported with its line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigurationError

_NOTHING = frozenset((
    "na", "n/a", "n.a.", "n.a", "#n/a", "nan", "none", "null", "nil", "not available",
    "-", "--", "---", "–", "—", "?",
))  # fmt: skip
"""What people and programs write into a cell that has nothing to say, in lower case."""


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        line: the line it begins in, counted from 1.
        text: as it stands in the file, without its line end.
        cells: column (lower case) to text without blanks around it.
    """

    line: int
    text: str
    cells: dict[str, str]

    def get(self, column: str) -> str | None:
        """What a cell says; None where it is empty or says that there is nothing."""
        text = self.cells.get(column, "")
        return None if not text or text.casefold() in _NOTHING else text


_LONGEST_CELL = 131_072
"""Characters of a cell; a longer one is a quote that was never closed."""


def read_rows(lines: Iterable[str], name: str, needed: Sequence[str]) -> Iterator[Row]:
    """The rows of a CSV with a head line; rows without any character are left out.

    Args:
        lines: the lines with their ends.
        name: of the file, for messages.
        needed: columns that must be there.

    Raises:
        ConfigurationError: a column is missing, a quote is never closed, or a row has more or
            fewer fields than the head; the message names the line.
    """
    taken: list[str] = []
    csv.field_size_limit(_LONGEST_CELL)  # of the process: another reader may have raised it
    reader = csv.reader(_keeping(lines, taken), strict=True)
    head: list[str] | None = None
    line = 1
    try:
        for fields in reader:
            if head is None:
                head = [column.strip().lower() for column in fields]
                _check_head(head, name, needed)
            elif fields and len(fields) != len(head):
                raise refusal(
                    name, line, f"it has {len(fields)} fields, and the first line names {len(head)}"
                )
            elif fields:
                cells = [field.strip() for field in fields]
                text = "".join(taken).rstrip("\r\n")
                yield Row(line, text, dict(zip(head, cells, strict=True)))
            line = reader.line_num + 1
            taken.clear()
    except csv.Error as error:
        raise refusal(name, line, f"the row that begins here cannot be read: {error}") from error
    if head is None:
        _check_head([], name, needed)


def _keeping(lines: Iterable[str], taken: list[str]) -> Iterator[str]:
    """The lines; each is put into `taken` as it passes."""
    for line in lines:
        taken.append(line)
        yield line


def _check_head(head: list[str], name: str, needed: Sequence[str]) -> None:
    if missing := [column for column in needed if column not in head]:
        raise ConfigurationError(
            f"{name} has no column {', '.join(missing)}.",
            effect="Nothing of it was kept.",
            next_step=f"name the columns {', '.join(needed)} in its first line.",
        )
    if twice := sorted({column for column in head if column and head.count(column) > 1}):
        raise refusal(name, 1, f"the column {twice[0]} is there twice")


def refusal(name: str, line: int, what: str) -> ConfigurationError:
    """The error that names file, line and what is wrong there."""
    return ConfigurationError(
        f"{name}, line {line}: {what}.",
        effect="Nothing of the list was kept.",
        next_step="correct the line, or remove it.",
    )
