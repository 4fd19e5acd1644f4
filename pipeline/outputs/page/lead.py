"""The first sentences, as every output has them, with their numbers opening the records."""

from __future__ import annotations

from pipeline.escaping import for_html
from pipeline.outputs.page.facts import Facts
from pipeline.outputs.page.markup import number, studies
from pipeline.outputs.receipt import human_experiments
from pipeline.outputs.wording import HumanExperiments, first_sentence

_STUDIES = ("checked_group_count", "checked_pain_group_count")
_MARKS = {
    "checked_record_count": "experiment_checked",
    "checked_group_count": "experiment_checked",
    "checked_pain_group_count": "experiment_pain_checked",
    "unchecked_record_count": "experiment_unchecked",
    "mention_record_count": "experiment_mention",
}


def html(facts: Facts) -> str:
    """What the headline searches find of experiments on people, which most readers come for."""
    found = human_experiments(facts.con, {search.name for search in facts.searches})
    return "".join(f'<p class="lead">{_sentence(one)}</p>' for one in found)


def _sentence(found: HumanExperiments) -> str:
    name = found.search

    def count(what: str, how_many: int) -> str:
        shape = studies if what in _STUDIES else number
        return shape(how_many, search=name, mark=f"{_MARKS[what]}:{name}")

    return first_sentence(found._replace(search=for_html(name)), count)
