"""The few shapes the page is made of. Whatever comes from records is escaped here.

A number is a link whose fragment names the records behind it: so it opens by mouse and
keyboard, goes into the history, and can be shared like any address.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from pipeline.escaping import for_html
from pipeline.outputs.page.facts import Search
from pipeline.outputs.wording import at_most

OPERATION = (
    "Arrow keys move from mark to mark, Enter opens the records. The table below has the same "
    "numbers."
)
"""What a chart says of itself to those who do not see it."""

NOT_KNOWN = '<span class="unknown"><span class="aside">not known</span></span>'

NOT_STATED = '<span class="soft">not stated</span>'


def text(value: object) -> str:
    """A text of a record, with its own direction, so that it turns nothing around it."""
    return f"<bdi>{for_html(str(value))}</bdi>"


def number(count: int | None, **selection: str) -> str:
    """A count that opens its records; NULL is not known, which is not a zero.

    Args:
        count: how many records.
        selection: what they have in common, as the page's fragment names it.
    """
    if count is None:
        return NOT_KNOWN
    css_class = "number" if count else "number zero"
    return f'<a class="{css_class}" href="#{for_html(urlencode(selection))}">{count:,}</a>'


def held(count: int, search: Search, **selection: str) -> str:
    """A count of what is held of a search, with what it is worth; it opens its records.

    A zero stands where PubMed's list is complete; where u of its records could not be read, the
    count c is followed by "at most c + u".

    Args:
        count: how many are held.
        search: where.
        selection: what they have in common beside the search.
    """
    if not count and not search.is_known:
        return NOT_KNOWN
    shown = number(count, search=search.name, **selection)
    return at_most(shown, search.unread, count + (search.unread or 0))


def studies(count: int, **selection: str) -> str:
    """A count of studies that opens their records, which may be more."""
    return f'<a class="number studies" href="#{for_html(urlencode(selection))}">{count:,}</a>'


def opens(words: str, **selection: str) -> str:
    """Words of a cell, as plain text, that open the records they come from."""
    return f'<a class="opens" href="#{for_html(urlencode(selection))}">{text(words)}</a>'


def pubmed(pmid: int | None, words: str | None = None) -> str:
    """A link to a record in PubMed; nothing for one that PubMed has not."""
    if pmid is None or pmid < 0:
        return text(words) if words else ""
    said = text(words) if words else f"PMID {pmid}"
    return f'<a rel="noreferrer" href="https://pubmed.ncbi.nlm.nih.gov/{pmid}/">{said}</a>'


def article(words: str, pmid: int, doi_url: str | None) -> str:
    """A link to a record in PubMed, or by its DOI where PubMed has it not."""
    if pmid > 0 or doi_url is None:
        return pubmed(pmid, words)
    return f'<a rel="noreferrer" href="{for_html(doi_url)}">{text(words)}</a>'


def table(
    caption: str, header: Sequence[str], rows: Sequence[Sequence[str]], css_class: str = ""
) -> str:
    """A table that scrolls by itself on a narrow screen; cells are HTML, the first one a head.

    Args:
        caption: what it shows, as plain text.
        header: column heads as HTML.
        rows: cells as HTML.
        css_class: `counts` sets all but the first column as numbers.
    """
    heads = "".join(f'<th scope="col">{head}</th>' for head in header)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    name = for_html(caption)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{name}">'
        f'<table class="{css_class}"><caption>{name}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def folded(search: Search, first: Search, html: str, title: str = "Table") -> str:
    """A part of a section that stands open while its search is the one chosen.

    Args:
        search: what it is about.
        first: the search that is chosen before a reader chooses.
        html: the part.
        title: what it is, before the name of the search.
    """
    state = " open" if search == first else ""
    return (
        f'<details class="search" data-search="{for_html(search.name)}"{state}>'
        f"<summary>{for_html(title)}: {text(search.label)}</summary>{html}</details>"
    )


def none_held(search: Search) -> str:
    """What stands in the place of a table without rows; only a complete search knows of none."""
    none = "None: the complete search found none."
    if search.unread:
        none = f"None among what could be read; {search.unread:,} listed could not be."
    not_known = "Not known: none is held here, and no complete search was made."
    return paragraph(none if search.is_known else not_known)


def span(first: int | None, last: int | None) -> str:
    """Years from one to another; empty where there are none."""
    return "" if first is None else f"{first}" if first == last else f"{first} to {last}"


def paragraph(words: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{for_html(words)}</p>"
