"""The figures in docs/quality.md, from the saved results.

python -m tools.quality_figures           write them
python -m tools.quality_figures --check   exit 1 if they are not current
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pipeline.evidence.evaluation.evaluate import interval
from pipeline.evidence.evaluation.figures import UNSEEN, Result, read_results
from pipeline.evidence.labels import measurements
from pipeline.evidence.reference_files import MEASURED_FILE
from pipeline.settings import ROOT

TARGET = ROOT / "docs" / "quality.md"
MEASURED = ROOT / "data" / "reference" / MEASURED_FILE
FIRST_SHOT = ROOT / "docs" / "evaluation" / "first_shot.json"
_BEGIN = "<!-- figures: made by python -m tools.quality_figures -->"
_END = "<!-- end of figures -->"


def render(measured: list[Result], first: list[Result]) -> str:
    """The figures as Markdown: an overview beside the first shot, then each set's classes."""
    lines = [
        "Shares stand with their 95 % interval (Wilson) and their n. *Unseen*: the part whose",
        "texts and single errors were never looked at. *First shot*: rules 2026.11.1, written",
        "before any label was read.",
        "",
        "| set, part | by | scheme | accuracy | weighted F1 | abstained | first shot: accuracy |",
        "|---|---|---|---|---|---|---|",
    ]
    for result in measured:
        for scheme in result["schemes"]:
            before = _same(first, result, scheme["scheme"])
            lines.append(
                f"| {result['set']}, {result['part']} | {result['by']} | {scheme['scheme']} "
                f"| {interval(scheme['accuracy'])} | {scheme['weighted_f1']:.3f} "
                f"| {interval(scheme['abstention']) if 'abstention' in scheme else ''} "
                f"| {interval(before['accuracy']) if before else ''} |"
            )
    for result in measured:
        if result["part"] == UNSEEN:
            lines += ["", *_classes(result, first)]
    return "\n".join([*lines, *_confidences(measured)])


def _confidences(measured: list[Result]) -> Iterator[str]:
    """What readers see as confidence, and the figure behind it."""
    yield "**Confidence**: of primary types that rest on such evidence, those that were right"
    yield ""
    yield "| study type | rests on | right | measured on | shown as |"
    yield "|---|---|---|---|---|"
    for one in sorted(measurements(measured).values(), key=lambda held: held[:2]):
        whole = f", all of class {one.class_name}" if one.is_of_class else ""
        yield (
            f"| {one.study_type} | {one.evidence} | {interval(dict(one.right))} "
            f"| {one.measured_on}{whole} | {one.confidence} |"
        )
    yield ""
    yield "Every other pair of type and evidence: not measured."


def _classes(result: Result, first: list[Result]) -> Iterator[str]:
    """Precision and recall of each class; how often each tier is right."""
    for scheme in result["schemes"]:
        named = f"{result['set']}, unseen, {scheme['scheme']}, by {result['by']}"
        yield f"**{named}** (n = {scheme['n']})"
        yield ""
        yield "| class | study types | precision | recall | F1 | first shot: precision, recall |"
        yield "|---|---|---|---|---|---|"
        before = {
            one["class"]: one
            for one in (_same(first, result, scheme["scheme"]) or {"classes": []})["classes"]
        }
        for one in scheme["classes"]:
            old = before.get(one["class"])
            earlier = f"{_plain(old['precision'])}, {_plain(old['recall'])}" if old else ""
            yield (
                f"| {one['class']} | {', '.join(one.get('study_types', ()))} "
                f"| {interval(one['precision'])} | {interval(one['recall'])} "
                f"| {one['f1']:.3f} | {earlier} |"
            )
        for tier in scheme.get("calibration", ()):
            if tier["right"]["n"]:
                yield ""
                yield (
                    f"Shown as {tier['confidence']}: right {interval(tier['right'])}, "
                    f"{_plain(tier['share_of_records'])} of the records."
                )
        if scheme.get("refined"):
            yield ""
            yield f"Left out: {scheme['refined']} records whose tag is refined, not contradicted."
        yield ""
    if "wide_net" in result:
        net = result["wide_net"]
        yield (
            f"Wide net (`marts.possible_human_experimental`): recall {interval(net['recall'])}; "
            f"it holds {_plain(net['share_of_records'])} of all records of the set."
        )
        yield ""


def _plain(figure: dict[str, Any]) -> str:
    return "-" if figure["value"] is None else f"{figure['value']:.2f}"


def _same(first: list[Result], result: Result, scheme: str) -> dict[str, Any] | None:
    """The first-shot figures of the same set, part and scheme, for results of the rules."""
    if result["by"] != "rules":
        return None
    for one in first:
        if (one["set"], one["part"]) == (result["set"], result["part"]):
            for held in one["schemes"]:
                if held["scheme"] == scheme:
                    return dict(held)
    return None


def page(text: str) -> str:
    """The page with current figures between its marks."""
    before, rest = text.split(_BEGIN)
    _, after = rest.split(_END)
    figures = render(read_results(MEASURED), read_results(FIRST_SHOT))
    return f"{before}{_BEGIN}\n\n{figures.rstrip()}\n\n{_END}{after}"


def main(arguments: list[str]) -> int:
    """Write the figures, or with --check say whether they are current."""
    text = TARGET.read_text(encoding="utf-8")
    current = page(text)
    if "--check" in arguments:
        if current != text:
            print(f"{TARGET.relative_to(ROOT)} does not show the saved figures", file=sys.stderr)
        return int(current != text)
    TARGET.write_text(current, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
