"""The sentence at the top of every output: which studies in people, and how many measured pain.

`marts.answer` has its numbers with the records behind each. The sentence is made here alone:
stored beside the numbers for terminal, digest and notebooks, and made again by the page, which
turns each number into a link.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from datetime import date
from typing import NamedTuple

import duckdb

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
    for answer in answers(con):
        con.execute(
            "UPDATE marts.answer SET sentence = ? WHERE search = ?",
            [sentence(answer), answer.search],
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


def _lead(answer: Answer, count: Callable[[str, int], str]) -> str:
    """How many articles there are, or that this is not known."""
    if answer.listed is None:
        articles = _plural(answer.held, "article", "articles")
        return (
            "Not known: the search is incomplete. "
            f"Among the {count('held', answer.held)} {articles} held on {_topic(answer)},"
        )
    day = f"{answer.as_of_date.day} {answer.as_of_date:%B %Y}"
    unread = f"; {answer.unread_count:,} could not be read" if answer.unread_count else ""
    return (
        f"{_ASKED.get(answer.source, 'The search')}, searched completely on {day}, lists "
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
