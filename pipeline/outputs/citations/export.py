"""Write the records of a selection to one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.outputs import query
from pipeline.outputs.citations import before, citation, selection
from pipeline.outputs.citations.citation import Citation
from pipeline.outputs.citations.selection import Selection
from pipeline.outputs.citations.targets import FORMATS, TARGETS, Kind
from pipeline.outputs.manifest import LICENCE
from pipeline.settings import Settings


@dataclass(frozen=True)
class Told:
    """What an export did.

    Attributes:
        path: the file, or None where there was nothing to write.
        lines: what the user should know, one sentence each.
    """

    path: Path | None
    lines: tuple[str, ...]


def export(
    settings: Settings,
    wanted: Selection,
    kind_name: str,
    *,
    with_abstracts: bool = False,
    not_in: Sequence[Path] = (),
    output: Path | None = None,
) -> Told:
    """Write the records wanted from the latest published set.

    Args:
        settings: where the set lies.
        wanted: which records.
        kind_name: a name of `FORMATS` or `TARGETS`.
        with_abstracts: write abstracts; screening targets have them in any case.
        not_in: earlier exports whose records are left out.
        output: the file, or a directory for one named after selection and set; default: the
            directory one is in.

    Raises:
        ConfigurationError: nothing is published, the selection names what the set does not
            have, an earlier export cannot be read, the file is there already, or its directory
            is not.
    """
    kind = (FORMATS | TARGETS)[kind_name]
    abstracts = with_abstracts or kind.abstracts
    earlier = before.read(not_in)
    with query.open_published(settings) as con:
        citations = citation.read(con, selection.matching(con, wanted))
    lines = []
    kept = [record for record in citations if not earlier.holds(record)]
    if not_in:
        lines.append(f"{len(citations) - len(kept)} record(s) left out: exported before.")
    if kind.needs_pmid:
        unnumbered = [record for record in kept if record.pmid is None]
        kept = [record for record in kept if record.pmid is not None]
        if unnumbered:
            lines.append(
                f"{len(unnumbered)} record(s) left out: known only by DOI, and this format "
                "begins each record with its PMID. RIS holds them."
            )
    if not kept:
        return Told(None, (*lines, "No record to export: nothing was written."))
    path = _path(output, wanted, kind_name, kind, kept[0].set_id, bool(not_in))
    _write(kind, kept, abstracts, path)
    lines.insert(0, f"{len(kept)} record(s) of set {kept[0].set_id}.")
    if abstracts:
        without = sum(not record.said["abstract"] for record in kept)
        lines += [f"{without} of them have no abstract in this set.", LICENCE]
    if untitled := sum(not record.said["title"] for record in kept):
        lines.insert(1, f"{untitled} of them have no title in this set.")
    return Told(path, tuple(lines))


def _path(
    output: Path | None, wanted: Selection, kind_name: str, kind: Kind, set_id: str, is_rest: bool
) -> Path:
    """The file to write; its name tells records, set (date and source), and program."""
    name = f"ketum_{wanted.name()}{'_rest' if is_rest else ''}_{set_id}"
    if kind_name in TARGETS:
        name += f".{kind_name}"
    path = output or Path()
    if path.is_dir():
        path = path / f"{name}{kind.suffix}"
    if not path.parent.is_dir():
        raise ConfigurationError(
            f"There is no directory {path.parent}.",
            effect="Nothing was written.",
            next_step="make it, or name another place with --output.",
        )
    if path.exists():
        # it may be what the next --not-in needs
        raise ConfigurationError(
            f"{path} is there already.",
            effect="Nothing was written.",
            next_step="name another file with --output, or remove it.",
        )
    return path


def _write(kind: Kind, citations: Sequence[Citation], abstracts: bool, path: Path) -> None:
    """Write a file that is there whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    try:
        kind.write(citations, abstracts, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
