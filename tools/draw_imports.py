"""Draw who imports whom as a picture: `make imports`.

The floors are those of the layers contract in pyproject.toml, the highest on top. An arrow goes
from a module to one that it imports, the thicker the more imports there are; all should go
downwards, and one that goes up is red.
"""

from __future__ import annotations

import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

import grimp

from pipeline.settings import ROOT

TARGET = ROOT / "build" / "imports.svg"
ROOM = "pipeline"
WIDTH, ROW, BOX, TALL = 1000, 78, 118, 30
DOWN, UP = "#4878a8", "#d62728"

Imports = Mapping[tuple[str, str], int]
"""(importer, imported) to how many imports there are."""


def floors_of(pyproject: Path) -> list[list[str]]:
    """The floors of the layers contract, highest first."""
    told = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    (layers,) = (
        contract["layers"]
        for contract in told["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
    )
    return [[name.strip(" ()") for name in layer.split("|")] for layer in layers]


def imports_of(room: str) -> Imports:
    """The imports between the modules and packages directly within a package."""
    graph = grimp.build_graph(room)
    found: Counter[tuple[str, str]] = Counter()
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            ends = tuple(name.split(".")[1:2] for name in (importer, imported))
            if ends[0] and ends[1] and ends[0] != ends[1]:
                found[ends[0][0], ends[1][0]] += 1
    return found


def upward(floors: Sequence[Sequence[str]], imports: Imports) -> list[tuple[str, str]]:
    """Imports that go up, or along a floor."""
    level = {name: number for number, floor in enumerate(floors) for name in floor}
    return sorted(ends for ends in imports if level[ends[0]] >= level[ends[1]])


def draw(floors: Sequence[Sequence[str]], imports: Imports) -> str:
    """The picture, as SVG."""
    at = {
        name: (WIDTH * (place + 1) // (len(floor) + 1), ROW // 2 + ROW * number)
        for number, floor in enumerate(floors)
        for place, name in enumerate(floor)
    }
    wrong = upward(floors, imports)
    lines = [_arrow(at, ends, imports[ends], ends in wrong) for ends in sorted(imports)]
    boxes = [
        f'<rect x="{x - BOX // 2}" y="{y - TALL // 2}" width="{BOX}" height="{TALL}" rx="5"/>'
        f'<text x="{x}" y="{y + 5}">{escape(name)}</text>'
        for name, (x, y) in at.items()
    ]
    heads = "".join(
        f'<marker id="{colour[1:]}" viewBox="0 0 8 8" refX="8" refY="4" orient="auto" '
        f'markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse">'
        f'<path d="M0 0L8 4L0 8z" fill="{colour}"/></marker>'
        for colour in (DOWN, UP)
    )
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {ROW * len(floors)}" '
        'font-family="sans-serif" font-size="14" text-anchor="middle">',
        f'<defs>{heads}</defs><rect width="100%" height="100%" fill="#fff"/>',
        *lines,
        '<g fill="#fff" stroke="#333">', *[box.partition("<text")[0] for box in boxes], "</g>",
        *[f"<text{box.partition('<text')[2]}" for box in boxes],
        "</svg>\n",
    ])  # fmt: skip


def _arrow(
    at: Mapping[str, tuple[int, int]], ends: tuple[str, str], number: int, is_wrong: bool
) -> str:
    (x1, y1), (x2, y2) = at[ends[0]], at[ends[1]]
    side = TALL // 2 if y2 >= y1 else -TALL // 2
    colour = UP if is_wrong else DOWN
    width = min(1 + number / 8, 5)
    bend = (x1 + x2) // 2 + (90 if y2 - y1 > ROW and x1 == x2 else 0)
    return (
        f'<path d="M{x1} {y1 + side}Q{bend} {(y1 + y2) // 2} {x2} {y2 - side}" fill="none" '
        f'stroke="{colour}" stroke-width="{width:.1f}" stroke-opacity="0.55" '
        f'marker-end="url(#{colour[1:]})"><title>{escape(ends[0])} imports {escape(ends[1])}: '
        f"{number}</title></path>"
    )


def main() -> int:
    """Write the picture; returns 1 if an arrow does not go down."""
    floors, imports = floors_of(ROOT / "pyproject.toml"), imports_of(ROOM)
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(draw(floors, imports), encoding="utf-8")
    wrong = upward(floors, imports)
    print(f"{TARGET.relative_to(ROOT)}: {len(imports)} arrows, {len(wrong)} of them not downwards")
    for importer, imported in wrong:
        print(f"  {importer} imports {imported}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
