"""Sentences that stand on several outputs, written once: the answer at the top, and others.

`marts.answer` has the numbers of the sentence at the top, with the records behind each. It is made
here alone: stored beside the numbers for terminal, digest and notebooks, and made again by the
page, which turns each number into a link.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import date
from typing import NamedTuple

import duckdb

from pipeline.settings import PUBMED_ORIGIN, archive_origin

# -- Which studies in people, and how many measured pain

NOT_SEARCHED = (
    "Read from titles and abstracts; quality not assessed; trial registries not searched."
)
"""Ends the sentence, whatever was found."""

_ASKED = {"pubmed": "PubMed", "replay": "A replay server in PubMed's place"}


class Answer(NamedTuple):
    """One row of marts.answer; the counts of studies are those of what is held."""

    search: str
    is_headline: bool
    label: str
    subject: str | None
    source: str
    coverage: str
    unread_count: int | None
    as_of_date: date
    listed: int | None
    held: int
    study: int
    pain: int
    provoked: int
    patient: int
    unclear: int
    pain_unchecked: int
    unchecked: int


def answers(con: duckdb.DuckDBPyConnection) -> list[Answer]:
    """The numbers of every search, in the order of the reference file."""
    rows = con.execute(
        """
        SELECT a.search, s.is_headline, a.label, a.subject, a.source, a.coverage,
            a.unread_count, a.as_of_date, a.listed_count, a.held_count, a.held_study_count,
            a.held_pain_study_count,
            a.held_provoked_study_count, a.held_patient_study_count, a.held_unclear_study_count,
            a.held_pain_unchecked_study_count, a.held_unchecked_study_count
        FROM marts.answer AS a JOIN evidence.searches AS s USING (search)
        ORDER BY s.display_order
        """
    ).fetchall()
    return [Answer(*row) for row in rows]


def store_sentences(con: duckdb.DuckDBPyConnection) -> None:
    """Write each search's sentence into its row of marts.answer."""
    every = answers(con)
    con.execute(
        """
        UPDATE marts.answer AS a SET sentence = s.sentence
        FROM (SELECT unnest(?::VARCHAR[]) AS search, unnest(?::VARCHAR[]) AS sentence) AS s
        WHERE a.search = s.search
        """,
        [[answer.search for answer in every], [sentence(answer) for answer in every]],
    )


def sentences(con: duckdb.DuckDBPyConnection, searches: Container[str]) -> list[str]:
    """The sentence of each headline search among these, as stored."""
    rows = con.execute(
        "SELECT a.search, a.sentence FROM marts.answer AS a JOIN evidence.searches AS s "
        "USING (search) WHERE s.is_headline ORDER BY s.display_order"
    ).fetchall()
    return [said for search, said in rows if search in searches]


def sentence(
    answer: Answer, count: Callable[[str, int], str] = lambda _, number: f"{number:,}"
) -> str:
    """What a search finds of studies in people, in words.

    Args:
        answer: the numbers.
        count: makes the text of a number of its name (a field of `Answer`) and value; the page
            makes links.
    """
    unread = answer.unread_count or 0

    def counted(name: str) -> str:
        number = getattr(answer, name)
        return count(name, number) + (f" (at most {number + unread:,})" if unread else "")

    said = [_lead(answer, count), *_studies(answer, counted), NOT_SEARCHED]
    return " ".join(said)


def day(of: date) -> str:
    """A date as a sentence says it."""
    return f"{of.day} {of:%B %Y}"


def _lead(answer: Answer, count: Callable[[str, int], str]) -> str:
    """How many articles there are, or that this is not known."""
    if answer.listed is None:
        articles = _plural(answer.held, "article", "articles")
        return (
            "Not known: the search is incomplete. "
            f"Among the {count('held', answer.held)} {articles} held on {_topic(answer)},"
        )
    unread = f"; {answer.unread_count:,} could not be read" if answer.unread_count else ""
    on_day = day(answer.as_of_date)
    return (
        f"{_ASKED.get(answer.source, 'The search')}, searched completely on {on_day}, lists "
        f"{count('listed', answer.listed)} {_plural(answer.listed, 'article', 'articles')} "
        f"on {_topic(answer)}{unread}."
    )


def _studies(answer: Answer, counted: Callable[[str], str]) -> list[str]:
    """What was done to people, in how many studies; what was not yet looked at."""
    is_open = not answer.study and answer.unchecked > 0  # nobody has looked: not the same as none
    gave, watched = (
        ("are confirmed to have given", "to have watched") if is_open else ("gave", "watched")
    )
    did = (
        f"{gave} {answer.subject} to people, or {watched} people take it under study conditions"
        if answer.subject
        else f"{_are(answer.study)} {'confirmed as ' * is_open}"
        + _plural(
            answer.study, "a trial or human laboratory study", "trials or human laboratory studies"
        )
    )
    said = f"{counted('study')} {_plural(answer.study, 'study', 'studies')} {did}"
    if answer.study:
        said += f"; {counted('pain')} measured pain"
    if answer.study and answer.pain:
        said += (
            f": {counted('provoked')} provoked it in volunteers, {counted('patient')} studied "
            f"patients with pain, {counted('unclear')} {_are(answer.unclear)} unclear from the "
            "abstract"
        )
    if answer.pain_unchecked:
        said += f"; whether {counted('pain_unchecked')} more did is not yet checked"
    further = f"{counted('unchecked')} {'' if is_open else 'more '}"
    further += f"{_are(answer.unchecked)} not yet checked."
    return [f"{said}.", further]


def _topic(answer: Answer) -> str:
    """The name of a search within a sentence: a capital stays where it begins an abbreviation."""
    label = answer.label
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _plural(number: int, one: str, more: str) -> str:
    return one if number == 1 else more


# -- The other sentences

PUBMED_ONLY = (
    "PubMed only; other databases, registries, theses, agency reports and most preprints "
    "are not searched."
)


def statement(origin: str, records: int, unread: int) -> str:
    """What a zero or an empty cell means for data of this origin, and what was not searched.

    Args:
        origin: of the warehouse.
        records: distinct records that are members of any search.
        unread: distinct records that a search lists and that could not be read.
    """
    if origin == PUBMED_ORIGIN and unread:
        return (
            f"PubMed was searched whole, but {unread} of the records it lists could not be read: "
            "where a search lists some of them, each of its counts may be as much higher. "
            f"{PUBMED_ONLY}"
        )
    if origin == PUBMED_ORIGIN:
        return f"Complete searches of PubMed; a 0 means that none was found. {PUBMED_ONLY}"
    if origin == archive_origin("demo"):
        return (
            f"Demonstration: {records} hand-picked citations. "
            f"A 0 here says nothing about the literature. {PUBMED_ONLY}"
        )
    return (
        f"{records} records from local files ({origin}), not from a complete search. "
        f"A 0 here says nothing about the literature. {PUBMED_ONLY}"
    )


def not_given(has_abstract: bool) -> str:
    """Why a record has no value of a facet that applies to it: `not_stated` in words."""
    return "not in abstract" if has_abstract else "no abstract held"


def scope(set_id: str, origin: str, unread: int) -> str:
    """The same in one line, for the terminal.

    Args:
        set_id: the set that was read.
        origin: of its records.
        unread: distinct records that a search lists and that could not be read.
    """
    if origin == PUBMED_ORIGIN and unread:
        zero = f"all that PubMed lists but {unread} unread"
    elif origin == PUBMED_ORIGIN:
        zero = "complete searches"
    elif origin == archive_origin("demo"):
        zero = "a demonstration: a 0 says nothing"
    else:
        zero = "local files: a 0 says nothing"
    return f"Set {set_id}, {zero}. PubMed only."


def share(value: float | None, low: float | None, high: float | None, count: int) -> str:
    """A measured share with its 95 % interval and n: `.93 (.90-.95) of 412`."""
    if value is None or low is None or high is None:
        return f"not measured (of {count})"
    shown = [f"{number:.2f}".replace("0.", ".", 1) for number in (value, low, high)]
    return f"{shown[0]} ({shown[1]}-{shown[2]}) of {count:,}"
