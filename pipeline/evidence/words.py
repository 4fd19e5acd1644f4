"""Words of a rule file: `{number}` in a pattern stands for what `[words]` says once."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipeline.evidence.patterns import PatternError, regular_expression
from pipeline.evidence.rule_file import RuleFile

_WORD = re.compile(r"\{([a-z]+)\}")


def read_words(file: RuleFile) -> dict[str, str]:
    """What `{name}` stands for; a word may use those written before it."""
    words: dict[str, str] = {}
    for name, pattern in file.data.get("words", {}).items():
        words[name] = with_words(file, pattern, words, f"{name} = ")
    return words


def with_words(file: RuleFile, pattern: str, words: Mapping[str, str], near: str) -> str:
    """A pattern with every word in it replaced."""

    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise file.error(near, f"unknown word `{match[0]}` (see [words])")
        return words[match[1]]

    return _WORD.sub(word, pattern)


def put_words(file: RuleFile, words: Mapping[str, str]) -> None:
    """Replace words in the patterns of all rules, and see that each pattern can be used."""
    for table in file.tables("rule"):
        near = f'id = "{table.get("id")}"'
        if "text" in table:
            table["text"] = [with_words(file, one, words, near) for one in table["text"]]
            for pattern in table["text"]:
                check_pattern(file, pattern, near)


def check_pattern(file: RuleFile, pattern: str, near: str) -> None:
    """See that both engines read a pattern alike.

    Raises:
        ConfigurationError: naming the line.
    """
    try:
        regular_expression(pattern)
    except PatternError as error:
        raise file.error(near, str(error)) from error
