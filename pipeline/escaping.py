"""Text that others wrote, made safe for each kind of output: one function for each.

Titles, names, languages, DOIs, warnings of a server and names of files are data. They must not end
a line, a cell or an element they stand in, nor steer the terminal, spreadsheet or browser that
shows them. Every writer of every output comes here; nothing else escapes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

# controls, except line feed and tab; what turns the direction of text; separators of lines;
# halves of characters, which no encoding can write
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
# whatever ends a line for some reader, all other controls, and blanks; thin and no-break spaces
# stay as printed
_BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029]+")
_LINE_ENDS = re.compile("[\n\x0b-\r\x1c-\x1e\x85\u2028\u2029]+")
# what XML 1.0 cannot hold (records from .nbib files may have it), and the controls of which it
# warns, as each reader makes something else of them
_NO_XML = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

FORMULA = (
    "^(?:[\\t\\r\\n]|"
    "[\\x00-\\x20\x80-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]*"
    "[=+\\-@\uff1d\uff0b\uff0d\uff20])"
)
"""Beginnings that a spreadsheet takes for a formula (OWASP, CSV injection): signs, full-width
ones too, also behind what an import trims. Understood alike by Python and DuckDB."""
_FORMULA = re.compile(FORMULA)

# What has a meaning in CommonMark or GitHub's tables and bare links. An underscore within a word
# has none, and names of searches stay readable.
_MARKDOWN = re.compile(
    r"[\\`*\[\]<>&|~$@]|(?<![^\W_])_|_(?![^\W_])|:(?=//)|(?<=www)\.|^[#+=-]", re.I
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])")

# what LaTeX would take for a command; letters of any script stay as they are
_BIBTEX = str.maketrans(
    {
        "\\": r"{\textbackslash}", "{": r"{\textbraceleft}", "}": r"{\textbraceright}",
        "~": r"{\textasciitilde}", "^": r"{\textasciicircum}",
        **{character: f"\\{character}" for character in "&%$#_"},
    }
)  # fmt: skip
_BIBTEX_VERBATIM = str.maketrans({"{": "%7B", "}": "%7D", "\\": "%5C"})


def one_line(text: str) -> str:
    """Text for a format of lines (RIS, MEDLINE, BibTeX, a receipt): no control, no line break.

    Each run of them and of blanks becomes one blank; none is left at either end.
    """
    return _BREAKS.sub(" ", text).strip(" ")


def for_terminal(text: str) -> str:
    r"""Text for a terminal: controls and what turns its direction are shown, as `\x1b`, `\u202e`.

    Lines and tabs stay; `for_terminal_lines` is for lines in which values stand.
    """
    return _HIDDEN.sub(_spelt, text)


def for_terminal_lines(lines: Iterable[str]) -> str:
    """Lines for a terminal: no value in them begins another one; blanks stay, for columns."""
    return "\n".join(for_terminal(_LINE_ENDS.sub(" ", line)) for line in lines)


def for_json(dumped: str) -> str:
    r"""JSON text with what a terminal would obey spelt out as `\u009b`; the values stay whole."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", dumped)


def for_html(text: str) -> str:
    """Text for an element or a quoted attribute of a page."""
    return html.escape(for_xml(text))


def for_xml(text: str) -> str:
    """Text for a library that writes XML: what XML cannot hold becomes a replacement character."""
    return _NO_XML.sub("\ufffd", text)


def for_markdown(text: str) -> str:
    """Text for one line or cell of Markdown: shown as it is, no heading, link, HTML or cell."""
    shown = _MARKDOWN.sub(r"\\\g<0>", for_terminal(one_line(text)))
    return _NUMBERED.sub(r"\1\\\2", shown)


def for_csv(text: str) -> str:
    """Text for a cell: an apostrophe before what a spreadsheet would run (`FORMULA`)."""
    return f"'{text}" if _FORMULA.match(text) else text


def for_bibtex(text: str) -> str:
    """Text for a field that LaTeX sets."""
    return one_line(text).translate(_BIBTEX)


def for_bibtex_verbatim(text: str) -> str:
    """Text for a field that LaTeX takes as it stands, such as a DOI: braces in it would end it."""
    return one_line(text).translate(_BIBTEX_VERBATIM)


def _spelt(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
