"""The picture of imports: one floor above the other, and an arrow that goes up is seen."""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from tools.draw_imports import DOWN, UP, draw, floors_of, upward

FLOORS = [["roof"], ["left", "right"], ["ground"]]


def colours(imports) -> dict[str, str]:
    """What each arrow says, with its colour."""
    picture = etree.fromstring(draw(FLOORS, imports).encode())
    return {path[0].text: path.get("stroke") for path in picture.iterfind("./{*}path")}


def test_arrows_down_are_calm_and_those_up_or_along_a_floor_are_red():
    imports = {("roof", "ground"): 3, ("left", "right"): 1, ("ground", "roof"): 1}
    assert upward(FLOORS, imports) == [("ground", "roof"), ("left", "right")]
    assert colours(imports) == {
        "roof imports ground: 3": DOWN,
        "left imports right: 1": UP,
        "ground imports roof: 1": UP,
    }


def test_the_floors_are_those_of_the_contract(tmp_path: Path):
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(
        '[[tool.importlinter.contracts]]\ntype = "layers"\nlayers = ["a", "b | (c)"]\n'
    )
    assert floors_of(pyproject) == [["a"], ["b", "c"]]
