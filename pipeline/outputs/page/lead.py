"""The top sentences, as every output has them, with their numbers opening the records."""

from __future__ import annotations

from pipeline.escaping import for_html
from pipeline.outputs.answer import Answer, answers, sentence
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import number, studies


def html(facts: Facts) -> str:
    """What the headline searches find of studies in people, which most readers come for."""
    return "".join(
        f'<p class="lead">{_linked(answer)}</p>'
        for answer in answers(facts.con)
        if answer.is_headline
    )


def _linked(answer: Answer) -> str:
    def count(name: str, how_many: int) -> str:
        if name == "listed" and how_many != answer.held:  # it opens more records than are here
            return f"{how_many:,}"
        if name in ("listed", "held"):
            return number(how_many, search=answer.search, counted="all")
        return studies(how_many, search=answer.search, mark=f"answer_{name}:{answer.search}")

    escaped = answer._replace(
        label=for_html(answer.label), subject=for_html(answer.subject) if answer.subject else None
    )
    return sentence(escaped, count)
