"""Results on disk and on the terminal: one JSON file, one entry a set, part and reader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError

Result = dict[str, Any]
MEASURED_FILE = "measured.json"
"""The committed results among the reference files: what readers are told of each study type."""
_KEY = ("set", "part", "by")


def read_results(path: Path) -> list[Result]:
    """The results of a file; none when there is no file.

    Raises:
        ConfigurationError: it is no file of results.
    """
    if not path.is_file():
        return []
    try:
        results = json.loads(path.read_text(encoding="utf-8"))["results"]
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"{path} holds no results of `ketum evaluate`: {error}.",
            effect="Nothing was judged.",
            next_step="restore it from the repository, or remove it.",
        ) from error
    return list(results)


def save_result(path: Path, result: Result) -> None:
    """Put a result into a file, in place of an earlier one of the same set, part and reader."""
    key = tuple(result[name] for name in _KEY)
    others = [r for r in read_results(path) if tuple(r[name] for name in _KEY) != key]
    results = sorted([*others, result], key=lambda r: tuple(r[name] for name in _KEY))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"results": results}, indent=1) + "\n", encoding="utf-8")


def text(result: Result) -> str:
    """A result for the terminal."""
    lines = [
        f"{result['set']}, part {result['part']}, by {result['by']}, "
        f"rules {result['rules_version']}: n = {result['n']}"
    ]
    if "wide_net" in result:
        lines.append(
            f"wide net for experiments on people: recall {interval(result['wide_net']['recall'])}, "
            f"share of records {interval(result['wide_net']['share_of_records'])}"
        )
    for scheme in result["schemes"]:
        lines += [
            "",
            f"{scheme['scheme']}: n = {scheme['n']}, accuracy {interval(scheme['accuracy'])}, "
            f"weighted F1 {scheme['weighted_f1']}, macro F1 {scheme['macro_f1']}",
        ]
        if "coverage" in scheme:
            lines.append(
                f"coverage {interval(scheme['coverage'])}, "
                f"abstention {interval(scheme['abstention'])}"
            )
        if scheme.get("refined"):
            lines.append(f"left out: {scheme['refined']} whose label is refined, not contradicted")
        lines += [
            f"  shown as {tier['confidence']:12}: right {interval(tier['right'])}, "
            f"share of records {interval(tier['share_of_records'])}"
            for tier in scheme.get("calibration", ())
        ]
        width = max(len(one["class"]) for one in scheme["classes"])
        lines.append(f"  {'class':{width}}  positives  {'precision':24} {'recall':24} F1")
        lines += [
            f"  {one['class']:{width}}  {one['positives']:9}  {interval(one['precision']):24} "
            f"{interval(one['recall']):24} {one['f1']:.3f}"
            for one in scheme["classes"]
        ]
        lines.append("  confusion (label: what was said, how often)")
        lines += [
            f"  {truth:{width}}  "
            + ", ".join(
                f"{said} {count}" for said, count in sorted(row.items(), key=lambda x: -x[1])
            )
            for truth, row in scheme["confusion"].items()
        ]
    return "\n".join(lines)


def interval(figure: dict[str, Any]) -> str:
    """A share as `.930 (.910-.950) of 512`."""
    if figure["value"] is None:
        return "- of 0"
    shown = [f"{figure[key]:.3f}".replace("0.", ".", 1) for key in ("value", "low", "high")]
    return f"{shown[0]} ({shown[1]}-{shown[2]}) of {figure['n']}"
