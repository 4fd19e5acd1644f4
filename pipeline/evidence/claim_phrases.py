"""Words and phrases of claims.toml: what a harm is called, and how a record tells of one.

A harm's name says little: "hepatitis" may be the disease treated. So rules on harms match
phrases ("X-induced hepatitis", "hepatitis after X", "adverse events were ... hepatitis"), the
same for every harm. `[words]` has lists of names, `[phrases]` lists of patterns with `{words}`
where a rule's own names go; `{NAME}` in any pattern stands for the list `words.NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from pipeline.evidence.patterns import PatternError, regular_expression
from pipeline.evidence.rule_file import RuleFile

SUBSTANCE = "substance"
"""The list of names that a stand-in replaces when the rules are measured."""
_PLACE = re.compile(r"\{([a-z_]+)\}")


def expand(file: RuleFile, stand_in: Sequence[str] = ()) -> None:
    """Write out words and phrases in the parsed file, so that only plain patterns are left.

    Args:
        file: claims.toml; its `data` is replaced.
        stand_in: for measuring only: names that stand in for those of the substance.

    Raises:
        ConfigurationError: an unknown list, or a pattern that cannot be used, with its line.
    """
    file.data = deepcopy(file.data)  # what was parsed is shared by all who read the same text
    words: dict[str, list[str]] = file.data.pop("words", {})
    phrases: dict[str, list[str]] = file.data.pop("phrases", {})
    for pattern in (one for listed in (*words.values(), *phrases.values()) for one in listed):
        _see_that_it_compiles(file, pattern)
    if stand_in:
        words[SUBSTANCE] = list(stand_in)
    signals: dict[str, Any] = file.data.setdefault("signals", {})
    for rule in file.tables("rule"):
        _spell_out(file, rule, words, phrases, signals)
    for table in (*signals.values(), *file.tables("rule"), *file.tables("company")):
        if "text" in table:
            table["text"] = [_filled(file, pattern, words) for pattern in table["text"]]


def _spell_out(
    file: RuleFile,
    rule: dict[str, Any],
    words: dict[str, list[str]],
    phrases: dict[str, list[str]],
    signals: dict[str, Any],
) -> None:
    """Replace `words`, `phrases` and `unless_phrases` of a rule by its own `text` and `unless`."""
    near = f'id = "{rule.get("id")}"'
    if (own := rule.pop("words", None)) is None:
        return
    if own not in words:
        raise file.error(near, f"unknown words `{own}`")

    def with_words(name: str) -> list[str]:
        if name not in phrases:
            raise file.error(near, f"unknown phrases `{name}`")
        # one pattern: every pattern has its fixed cost in a run, and there are harms times phrases
        return ["|".join(phrases[name]).replace("{words}", "{" + own + "}")]

    rule["text"] = [one for name in rule.pop("phrases", ()) for one in with_words(name)]
    for name in rule.pop("unless_phrases", ()):
        signal = f"{own}.{name}"
        signals[signal] = {"in": ["findings"], "text": with_words(name)}
        rule["unless"] = [*rule.get("unless", ()), signal]


def _filled(file: RuleFile, pattern: str, words: dict[str, list[str]]) -> str:
    def names(place: re.Match[str]) -> str:
        if place[1] not in words:
            raise file.error(pattern, f"unknown words `{place[1]}`")
        return f"(?:{'|'.join(words[place[1]])})"

    return _PLACE.sub(names, pattern)


def _see_that_it_compiles(file: RuleFile, pattern: str) -> None:
    """Here, where the line is known: written out, the pattern stands in no line of the file."""
    try:
        regular_expression(_PLACE.sub("word", pattern))
    except PatternError as error:
        raise file.error(pattern, str(error)) from error
