"""Findings: what they are, the words that state them (findings.toml), how they are combined.

A finding says what authors state, not what is true. `stated` decides that of a sentence,
`record_findings` of a record. What is reported beside what was not found, or was ruled out, is
`mixed`, and both are shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from pipeline.rules.patterns import OPTIONS, Words, checked

REPORTED, NOT_FOUND, RULED_OUT = "reported", "not_found", "ruled_out"
UNCLEAR, MIXED = "unclear", "mixed"
FINDINGS = {
    REPORTED: "reported",
    NOT_FOUND: "looked for and not found",
    RULED_OUT: "ruled out as a cause",
    MIXED: "mixed",
    UNCLEAR: "unclear from title and abstract",
}
"""Every finding a record can have, in the order of tables, in words for readers."""
BENEFIT, CAUSE, ABSENCE, MECHANISM = "benefit", "cause", "absence", "mechanism"
PRESENCE, OTHERS, USE, KNOWN, COMPARED = "presence", "others", "use", "known", "compared"
MEASURED, EASED = "measured", "eased"
SENSES = (
    BENEFIT,
    CAUSE,
    ABSENCE,
    MECHANISM,
    PRESENCE,
    OTHERS,
    USE,
    KNOWN,
    COMPARED,
    MEASURED,
    EASED,
)
NAMED = (USE, KNOWN, MEASURED, PRESENCE, OTHERS)
"""Senses in which a report about some counts, even where it is denied of others beside them."""
_LISTS = {
    "set_aside": "all but_mechanism granted",
    "clauses": "all title",
    "unclear": "all",
    "no_finding": "before title_names wanted helped given beside stated title",
    "ruled_out": "all sentence another of_another_nature substance",
    "not_found": "lesser before adjacent after sentence p_value worse alone company",
    "in_part": "other rest",
}
"""The lists of words that findings.toml has, by table."""
_WORDS = {
    # a new statement begins: its own subject has a verb
    "next_verb": r",(?: \S+){0,6}? {finite}\b|\band(?: \S+){0,6}? {finite}\b"
    r"|(?:,|\band\b) (?:and )?(?:\w+ )?(?:lower|higher|greater|more|less|fewer|longer|shorter)\b",
    "ended": r"\b{intransitive}(?:,| and)",
    "verb_soon": r"^\W*(?:\S+ ){0,4}?{finite}\b",
    "result": r"\b{result}\b",
    "next_subject": r"\b{finite}\b(?: \S+){0,6}?(?:,|\band\b)|\band (?:\d|one|two|three|four|"
    r"five|six|seven|eight|nine|ten|none|others|the (?:others?|rest|remaining))\b|: ",
}
"""Patterns made of the file's own words."""


@dataclass(frozen=True)
class Findings:
    """Everything findings.toml says, compiled.

    Attributes:
        senses: sense by question, of the questions that ask in one of their own.
        pattern_count: how many patterns its lists have.
    """

    version: str
    sha256: str
    senses: Mapping[str, str]
    pattern_count: int
    _patterns: Mapping[str, Any]

    def spans(self, name: str, text: str) -> list[tuple[int, int]]:
        """Where the patterns of a list stand in a folded text, in characters."""
        raw = text.encode()
        found = [match.span() for match in self._patterns[name].finditer(raw)]
        if len(raw) == len(text):
            return found
        return [(len(raw[:start].decode()), len(raw[:end].decode())) for start, end in found]


def load_findings(path: Path, questions: Sequence[str] | None) -> Findings:
    """Read findings.toml.

    Args:
        path: the reference file.
        questions: codes of the claims; None: any will do, as the claims are those of another run.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    from pipeline.rules.file import RuleFile  # here, since those who show findings read no rules

    file = RuleFile(path)
    words = Words(file)
    senses: dict[str, str] = {}
    for sense, listed in file.data.get("sense", {}).items():
        if sense not in SENSES:
            raise file.error(f"{sense} = ", f"unknown sense `{sense}`")
        for code in listed:
            if questions is not None and code not in questions and not code.startswith("harm."):
                raise file.error(f"{sense} = ", f"unknown claim `{code}`")
            senses[code] = sense
    patterns: dict[str, Any] = {}
    count = 0
    for table, names in _LISTS.items():
        for name in names.split():
            listed = file.data.get(table, {}).get(name)
            if not listed:
                raise file.error(f"[{table}]", f"`{name}` of [{table}] is missing")
            made = [checked(file, words.fill(one, one), one) for one in listed]
            count += len(made)
            patterns[f"{table}.{name}"] = re2.compile("|".join(made), OPTIONS)
    for name, pattern in _WORDS.items():
        patterns[name] = re2.compile(checked(file, words.fill(pattern, name), name), OPTIONS)
    return Findings(file.version(), file.sha256, senses, count, patterns)


def together(found: Iterable[str], sense: str | None = None) -> str:
    """The finding of a record, or of a study, from those of its sentences, or of its reports.

    What is left open counts only where nothing else is stated; what was not found and what was
    ruled out are both no support, and the stronger word stands.

    Args:
        found: the findings to be put together.
        sense: the sense in which it is asked, if it has one of its own.
    """
    codes = set(found)
    if sense in NAMED and REPORTED in codes:
        return REPORTED
    if MIXED in codes or (REPORTED in codes and codes & {NOT_FOUND, RULED_OUT}):
        return MIXED
    return next((one for one in (REPORTED, RULED_OUT, NOT_FOUND) if one in codes), UNCLEAR)
