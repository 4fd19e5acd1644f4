"""No change of what others rely on passes without its version, its line and its note."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import duckdb
import pytest

from pipeline.cli import build_parser
from pipeline.outputs import marts
from pipeline.warehouse import fingerprint
from pipeline.warehouse.database import write_copy
from tests.in_memory import every_relation
from tools import contract

OLD = {
    "contract_version": 4,
    "relations": {"marts.leaves": {"pmid": "INTEGER", "colour": "VARCHAR"}},
    "macros": ["core.find(words)"],
    "exit_codes": {"ok": 0, "usage": 2},
    "commands": {"tree": ["--version"], "tree grow": ["--fast", "--in {spring,summer}"]},
}
CHANGELOG = "# Changelog\n\n- Contract 5: leaves have shapes, since two colours looked alike.\n"
NOTES = "# Contracts\n\n## Contract 4\n\nold\n"


@pytest.fixture(autouse=True)
def _made_once(monkeypatch):
    monkeypatch.setattr(contract, "empty_database", every_relation)


def changed(**relations: dict[str, str] | None) -> contract.Contract:
    new = copy.deepcopy(OLD)
    new["contract_version"] = 5
    for name, columns in relations.items():
        new["relations"][name.replace("_", ".", 1)] = columns
    return {**new, "relations": {name: held for name, held in new["relations"].items() if held}}


def wanted(new: contract.Contract, written: str = "", changelog: str = CHANGELOG) -> list[str]:
    notes = f"# Contracts\n\n## Contract 5\n\n{written}\n" if written else NOTES
    return list(contract.faults(OLD, new, contract.with_list(notes, OLD, new), changelog))


MORE = changed(marts_leaves={"pmid": "INTEGER", "colour": "VARCHAR", "shape": "VARCHAR"})
LESS = changed(marts_leaves={"pmid": "INTEGER"})


def test_what_is_new_needs_a_version_and_a_line_and_is_listed():
    assert wanted(MORE) == []
    assert "- `marts.leaves.shape` is new\n" in contract.with_list(NOTES, OLD, MORE)
    (line,) = wanted(MORE, changelog="# Changelog\n")
    assert "Contract 5" in line and "CHANGELOG.md" in line
    (line,) = wanted({**MORE, "contract_version": 4})
    assert "CONTRACT_VERSION = 5" in line


def test_a_version_is_not_raised_for_nothing():
    (line,) = wanted({**OLD, "contract_version": 5})
    assert "must be 4" in line
    assert wanted(OLD) == []


@pytest.mark.parametrize(
    ("new", "name"),
    [
        (LESS, "marts.leaves.colour"),
        (changed(marts_leaves=None), "marts.leaves"),
        (
            changed(marts_leaves={"pmid": "BIGINT", "colour": "VARCHAR"}),
            "marts.leaves.pmid",
        ),
        ({**changed(), "exit_codes": {"ok": 0, "usage": 3}}, "usage = 2"),
        ({**changed(), "macros": []}, "core.find(words)"),
        ({**changed(), "commands": {"tree": ["--version"]}}, "tree grow"),
        (
            {
                **changed(),
                "commands": {**OLD["commands"], "tree grow": ["--fast", "--in {summer}"]},
            },
            "tree grow --in {spring,summer}",
        ),
    ],
)
def test_what_is_gone_or_other_needs_a_line_of_a_person(new: contract.Contract, name: str):
    (line,) = wanted(new, "Nothing here names it.")
    assert f"`{name}`" in line and "what to use instead" in line
    assert wanted(new, f"- `{name}` is dropped, since nobody asked for it.") == []


def test_a_name_lives_on_as_a_view_unless_it_is_said_to_be_dropped():
    said = "- `marts.leaves.colour`: use marts.trees.colour."
    (line,) = wanted(LESS, said)
    assert "sql/former" in line
    kept = {
        **LESS,
        "relations": {**LESS["relations"], "former.marts_leaves": {"colour": "VARCHAR"}},
    }
    assert wanted(kept, said) == []
    other = {**LESS, "relations": {**LESS["relations"], "former.marts_leaves": {"pmid": "INTEGER"}}}
    assert len(wanted(other, said)) == 1


def test_a_view_that_has_had_its_release_is_removed():
    late = {**MORE, "relations": {**MORE["relations"], "former.marts_roots": {"pmid": "INTEGER"}}}
    (line,) = wanted(late)
    assert "former.marts_roots" in line


def test_lists_are_made_anew_and_what_people_wrote_stays():
    first = contract.with_list(NOTES, OLD, MORE)
    assert first.index("## Contract 5") < first.index("## Contract 4\n\nold")
    mine = first.replace("## Contract 5\n", "## Contract 5\n\nLook at the shape, too.\n")
    second = contract.with_list(mine, OLD, LESS)
    assert "Look at the shape, too." in second and "`marts.leaves.colour` is gone" in second
    assert "shape` is new" not in second and second.endswith("## Contract 4\n\nold\n")
    assert contract.with_list(second, OLD, LESS) == second


def test_the_contract_in_the_repository_is_current_and_its_changes_are_told():
    assert contract.main(["--check"]) == 0


def test_a_change_of_the_code_fails_until_all_of_it_is_written(tmp_path: Path, capsys):
    with every_relation() as con:
        now = contract.contract_of(con, build_parser())
    # what views of former names stand for was there before, and a relation of now was not
    released = json.loads(contract.Files().released.read_text(encoding="utf-8"))["relations"]
    less = {**released, **now["relations"]}
    del less["marts.retractions"]
    before = {**now, "contract_version": now["contract_version"] - 1, "relations": less}
    files = contract.Files(*(tmp_path / name for name in contract.Files._fields))
    files.released.write_text(json.dumps(before))
    files.current.write_text(json.dumps(before))
    told = "".join(f"- `{name}`: elsewhere\n" for name in set(less) - set(now["relations"]))
    heading = f"## Contract {now['contract_version']}"
    files.migrations.write_text(f"# Contracts\n\n{heading}\n\n{told}\n## Contract 0\n\nold\n")
    files.changelog.write_text(f"- Contract {now['contract_version']}: retractions.\n")
    assert contract.main(["--check"], files) == 1
    assert "python -m tools.contract" in capsys.readouterr().err
    assert contract.main([], files) == 0
    assert contract.main(["--check"], files) == 0
    assert "- `marts.retractions` is new" in files.migrations.read_text()
    files.changelog.write_text("")
    assert contract.main(["--check"], files) == 1


def test_views_of_former_names_are_made_and_published_and_go_with_their_file(tmp_path: Path):
    view = tmp_path / "former" / "marts_leaves.sql"
    view.parent.mkdir()
    view.write_text("CREATE VIEW former.marts_leaves AS\nSELECT hue AS colour FROM marts.leaves;\n")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as con:
        con.execute("CREATE SCHEMA marts")
        con.execute("CREATE TABLE marts.leaves AS SELECT 'green' AS hue")
        for _ in range(2):
            marts.make_former(con, tmp_path)
        write_copy(con, tmp_path / "ketum.duckdb")
        with duckdb.connect(str(tmp_path / "ketum.duckdb"), read_only=True) as reader:
            assert reader.execute("FROM former.marts_leaves").fetchall() == [("green",)]
        assert view in fingerprint.program_files(tmp_path)
        view.unlink()
        marts.make_former(con, tmp_path)
        assert con.execute("SELECT count(*) FROM duckdb_views() WHERE NOT internal").fetchall() == [
            (0,)
        ]
