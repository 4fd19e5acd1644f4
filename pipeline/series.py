"""NLM's files in a series: in the order of their numbers, with what is missing between them.

NLM publishes a baseline once a year and a file a day after it, all in one numbering:
`pubmed26n0001.xml.gz` to the last. What a later file says of a record replaces what an earlier one
said, and a file that is missing hides what it changed or deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.storage import shown

_NAME = re.compile(r"(?P<series>[A-Za-z_-]*\d*n)(?P<number>\d+)\.xml(\.gz)?")
_SHOWN = 10


def in_order(places: Sequence[Path]) -> tuple[Path, ...]:
    """The files of some places, in the order in which they replace each other.

    Args:
        places: files, or directories that hold them as `*.xml.gz` or `*.xml`.

    Raises:
        ConfigurationError: a place is not there or holds no such file, or a file is named twice.
    """
    files: list[Path] = []
    for place in places:
        found = [
            path
            for path in ([place] if place.is_file() else sorted(place.glob("*")))
            if place.is_file() or path.name.endswith((".xml", ".xml.gz"))
        ]
        if not found:
            raise ConfigurationError(
                f"There is no PubMed XML at {shown(place)}.",
                effect="Nothing was read.",
                next_step="name files such as pubmed26n0001.xml.gz, or their directory.",
            )
        files += found
    by_stem: dict[str, Path] = {}
    for path in files:
        stem = path.name.removesuffix(".gz")
        if stem in by_stem:
            raise ConfigurationError(
                f"{shown(path)} and {shown(by_stem[stem])} are the same file of the series.",
                effect="Nothing was read.",
                next_step="name it once.",
            )
        by_stem[stem] = path
    return tuple(sorted(files, key=_place))


def stamp(path: Path) -> str:
    """The name that orders a file among others: pubmed21n1298.xml.gz gives pubmed21n1298."""
    return re.sub(r"(\.(xml|nbib|txt|csv))?(\.gz)?$", "", shown(Path(path.name))).replace(":", "_")


def is_numbered(path: Path) -> bool:
    """Whether a file has an order among NLM's, so that its deletions reach earlier ones."""
    return re.fullmatch(r"pubmed\d\dn\d+", stamp(path)) is not None


def _place(path: Path) -> tuple[str, int, str]:
    if match := _NAME.fullmatch(path.name):
        return match["series"], int(match["number"]), ""
    return path.name, 0, path.name


def late(files: Iterable[Path], earlier: Iterable[str]) -> str | None:
    """A sentence on files that come after later ones of their series were read; else None.

    Args:
        files: to be read now.
        earlier: names of files that earlier runs read.
    """
    last: dict[str, tuple[int, str]] = {}
    for name in earlier:
        if match := _NAME.fullmatch(name):
            last[match["series"]] = max(
                last.get(match["series"], (0, "")), (int(match["number"]), name)
            )
    for path in files:
        match = _NAME.fullmatch(path.name)
        if match and int(match["number"]) < last.get(match["series"], (0, ""))[0]:
            newer = last[match["series"]][1]
            return (
                f"{shown(Path(path.name))} comes late: {newer} was read before it. A record that "
                "matches here and no longer there counts as it stands here; load all files "
                "together to have the newer copy."
            )
    return None


def lacking(files: Iterable[Path], *, from_one: bool = False) -> list[str]:
    """Names of the files that a series lacks up to its last.

    Args:
        files: what there is.
        from_one: whether it should begin with number 1; else with the first that there is.
    """
    numbers: dict[str, list[int]] = {}
    for path in files:
        if match := _NAME.fullmatch(path.name):
            numbers.setdefault(match["series"], []).append(int(match["number"]))
    return [
        f"{name}{number:04d}"
        for name, held in numbers.items()
        for number in sorted(set(range(1 if from_one else min(held), max(held))) - set(held))
    ]


def is_one(files: Iterable[Path]) -> bool:
    """Whether all files belong to one numbered series."""
    names = [match["series"] if match else None for match in map(_matched, files)]
    return len(set(names)) == 1 and names[0] is not None


def _matched(path: Path) -> re.Match[str] | None:
    return _NAME.fullmatch(path.name)


def missing(files: Iterable[Path]) -> str | None:
    """A sentence on the numbers that a series lacks between its first and its last; else None."""
    lacks = lacking(files)
    if not lacks:
        return None
    named = ", ".join(lacks[:_SHOWN])
    more = f" and {len(lacks) - _SHOWN} more" if len(lacks) > _SHOWN else ""
    return (
        f"The series lacks {named}{more}: records, new versions and deletions in "
        f"{'it' if len(lacks) == 1 else 'them'} are not known. Load all files together once "
        f"{'it is' if len(lacks) == 1 else 'they are'} here."
    )
