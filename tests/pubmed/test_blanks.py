"""Blanks between elements are dropped before reading; those of a text never are.

What a text is, lxml says here of the same bytes with an ordinary parser that keeps everything.
"""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.pubmed.test_records import article, read, row, rows

BLANK = st.sampled_from(["", " ", "\n", "\t ", "\n      ", "\r\n", " \r", "\u00a0", " " * 400])
LITTLE = st.sampled_from(
    [
        *("leaf", "a b", "&amp;", "&#32;", "&#13;", "&#x3b2;", "?", "!", "]", "\u03b2"),
        *("<!-- ! -->", "<?sort of?>", "<![CDATA[ <b> ]]>", "<![CDATA[]]>"),
    ]
)
TAGS = st.sampled_from(["b", "i", "sub", "sup", "u"])


def marked(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mark-up around something, with blanks in every place that may have some."""
    return st.builds(
        lambda tag, before, text, after: f"<{tag}>{before}{text}{after}</{tag}>",
        *(TAGS, BLANK, inner, BLANK),
    )


TEXTS = st.lists(st.one_of(BLANK, LITTLE, st.recursive(LITTLE, marked)), max_size=6).map("".join)


def whole_text(inside: str) -> str | None:
    """The text of an element as an ordinary parser of XML has it."""
    return "".join(etree.fromstring(f"<T>{inside}</T>".encode()).xpath("//text()")) or None


@settings(max_examples=300, deadline=None)
@given(TEXTS, TEXTS, TEXTS)
@example("<b>Aims:</b> <i>Piper</i>", " <i>Piper</i>", "<i> </i> <b>\n</b>")
@example(" <!-- c -->leaf", " \r\nleaf", " <![CDATA[leaf]]>")
@example("x <b><i>Aims:</i> <u>y</u></b>", " <?p q?>leaf", "   ")
def test_no_text_loses_a_blank(title: str, section: str, volume: str) -> None:
    record = read(
        article(
            f"\n <ArticleTitle>{title}</ArticleTitle>\n <Abstract>\n"
            f"<AbstractText>{section}</AbstractText> \n</Abstract>\n"
            f"<Journal>\n<JournalIssue>\n<Volume>{volume}</Volume>\n</JournalIssue></Journal>"
        )
    )
    assert row(record)["title"] == whole_text(title)
    assert row(record)["volume"] == whole_text(volume)
    [read_section] = rows(record, "abstract_sections")
    assert (read_section["text"] or None) == whole_text(section)


def test_a_named_entity_beside_a_lost_blank_keeps_the_record() -> None:
    title = "<b>Aims:</b> <i>&beta;-Piper</i>"
    record = read(article(f"<ArticleTitle>{title}</ArticleTitle>"))
    assert row(record)["title"] == whole_text(title.replace("&beta;", "\u03b2"))
