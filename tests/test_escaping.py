"""Escaping functions, each against the parser or the program it is for."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from markdown_it import MarkdownIt

from pipeline import escaping

ANY = st.text(st.characters(codec="utf-8"))
MARKS = st.text(st.sampled_from("\\`*_[]<>&|~$@#+-=!().:;1a \n\tw/\x1b\u202e\x9b\"'{}"))


@given(ANY)
def test_one_line_is_one_line_for_every_reader(text):
    line = escaping.one_line(text)
    assert len(line.splitlines()) <= 1 and line == line.strip(" ")
    assert line.replace(" ", "") == "".join(
        character for character in text if character.isprintable() or ord(character) > 0x9F
    ).translate({0x20: None, 0x2028: None, 0x2029: None})


@given(ANY)
def test_json_means_the_same_afterwards(text):
    dumped = json.dumps([text], ensure_ascii=False)
    written = escaping.for_json(dumped)
    assert json.loads(written) == [text]
    assert len(written.splitlines()) == 1


def test_a_terminal_shows_what_it_would_obey():
    assert escaping.for_terminal("a\x1b[2J\u202eb\x9bc\td\ne") == r"a\x1b[2J\u202eb\x9bc" + "\td\ne"
    assert escaping.for_terminal("pain\u2009\u03bc \u200d\u05d0") == "pain\u2009\u03bc \u200d\u05d0"


def test_no_value_begins_a_line_on_a_terminal():
    lines = escaping.for_terminal_lines(["  a  b", "c\r\nd\x85e\u2028f"])
    assert lines == "  a  b\nc d e f"


@given(MARKS)
def test_markdown_shows_what_was_written(text):
    shown = escaping.for_markdown(text)
    (_, inline, _) = MarkdownIt("commonmark").parse(f"x {shown}")
    assert {part.type for part in inline.children} == {"text"}
    meant = escaping.for_terminal(escaping.one_line(text))
    assert "".join(part.content for part in inline.children) == f"x {meant}".rstrip()


@given(MARKS)
def test_markdown_begins_no_block(text):
    tokens = MarkdownIt("commonmark").enable("table").parse(f"- {escaping.for_markdown(text)}\n- y")
    kinds = [token.type for token in tokens if token.type.endswith("_open")]
    wanted = ["list_item_open", "paragraph_open"]
    first = wanted if escaping.one_line(text) else wanted[:1]
    assert kinds == ["bullet_list_open", *first, *wanted]


@given(ANY)
def test_html_and_xml_are_parsed_as_text(text):
    shown = escaping.for_xml(text)
    root = ET.Element("a")
    root.text = shown
    back = ET.fromstring(ET.tostring(root, encoding="utf-8"))
    assert len(back) == 0
    assert (back.text or "") == shown.replace("\r\n", "\n").replace("\r", "\n")
    page = html.document_fromstring(f"<p title='{escaping.for_html(text)}'>!</p>")
    (paragraph,) = page.xpath("//p")
    assert set(paragraph.attrib) == {"title"} and paragraph.text == "!"


@pytest.mark.parametrize(
    "text",
    ["=1", "+1", "-x", "@x", "\t1", "\r1", "\n1", "\n=1", " =1", "\u00a0=1", "\ufeff=1", "\u200b=1",
     "\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "\x00=1", "\x1b=1", "\u3000\uff1d1"],
)  # fmt: skip
def test_what_a_spreadsheet_runs_is_guarded_alike_in_both_languages(text):
    assert escaping.for_csv(text) == f"'{text}"
    assert matches_in_sql(text)


@pytest.mark.parametrize("text", ["", "a=b", " a", "a\n=b", "1-2", "\u03b2-arrestin", "(=)", "'=1"])
def test_what_no_spreadsheet_runs_stays(text):
    assert escaping.for_csv(text) == text
    assert not matches_in_sql(text)


def matches_in_sql(text: str) -> bool:
    with duckdb.connect() as con:
        found = con.execute(f"SELECT regexp_matches(?, '{escaping.FORMULA}')", [text]).fetchone()
    assert found is not None
    return bool(found[0])
