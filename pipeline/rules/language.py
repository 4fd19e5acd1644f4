"""The words that say what a section or sentence of an abstract is about (language.toml)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import re2

from pipeline.rules.file import RuleFile, Table
from pipeline.rules.patterns import OPTIONS, checked

ABSTRACT_ZONES = ("background", "objective", "methods", "results", "conclusions", "body")
"""Zones of abstract sections; `background` is never judged."""


class _Sentences(Table):
    """`[sentences]` of language.toml."""

    own_work: list[str]
    own_start: list[str]
    outlook: list[str]
    own_summary: list[str]
    findings: list[str]
    opening: int
    closing: int


class _File(Table):
    """language.toml."""

    version: str
    labels: dict[str, list[str]]
    sentences: _Sentences


@dataclass(frozen=True, slots=True)
class Language:
    """What words say about the sections and sentences they stand in.

    Attributes:
        labels: zone and pattern of section labels, in the order they are tried.
        own_work: a sentence that speaks of the authors' own work; openings before the first
            are background.
        own_start: a sentence with which the authors' own work surely begins.
        outlook: a closing sentence that calls for research not done yet.
        own_summary: what a closing sentence may say beside its call.
        findings: a sentence of an unlabelled abstract that reports what came out.
        opening: how many sentences at most can be an opening.
        closing: how many sentences at the end may call for research.
    """

    version: str
    sha256: str
    labels: tuple[tuple[str, Any], ...]
    own_work: Any
    own_start: Any
    outlook: Any
    own_summary: Any
    findings: Any
    opening: int
    closing: int


def load_language(path: Path) -> Language:
    """Read language.toml.

    Args:
        path: the reference file.

    Raises:
        ConfigurationError: naming the line at fault.
    """
    file = RuleFile(path)
    given = file.read(_File, file.data, "version")

    def compiled(name: str, patterns: Sequence[str]) -> Any:
        return re2.compile(checked(file, "|".join(patterns), f"{name} = "), OPTIONS)

    for zone in given.labels:
        if zone not in ABSTRACT_ZONES:
            raise file.error(f"{zone} = ", f"unknown zone `{zone}` of an abstract")
    sentences = given.sentences
    return Language(
        version=file.version(),
        sha256=file.sha256,
        labels=tuple((zone, compiled(zone, found)) for zone, found in given.labels.items()),
        own_work=compiled("own_work", sentences.own_work),
        own_start=compiled("own_start", sentences.own_start),
        outlook=compiled("outlook", sentences.outlook),
        own_summary=compiled("own_summary", sentences.own_summary),
        findings=compiled("findings", sentences.findings),
        opening=sentences.opening,
        closing=sentences.closing,
    )
