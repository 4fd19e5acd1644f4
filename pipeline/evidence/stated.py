"""Findings: what they are, and which of them a sentence states of words in it.

A finding says what authors state, not what is true: reported, not found, ruled out, left open. It
is decided within the sentence, from the place of the words that a question or a harm was
found by: a negation counts where it reaches them, a comparison where it is with those not exposed,
a cause where it is named or excluded. Which words say so is data (findings.toml).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Protocol

REPORTED, NOT_FOUND, RULED_OUT = "reported", "not_found", "ruled_out"
UNCLEAR, MIXED = "unclear", "mixed"
FINDINGS = {
    REPORTED: "reported",
    NOT_FOUND: "looked for and not found",
    RULED_OUT: "ruled out as a cause",
    MIXED: "mixed",
    UNCLEAR: "unclear from title and abstract",
}
"""Every finding a record can have, in the order of tables, in words for readers."""
BENEFIT, CAUSE, ABSENCE, MECHANISM = "benefit", "cause", "absence", "mechanism"
PRESENCE, OTHERS, USE, KNOWN, COMPARED = "presence", "others", "use", "known", "compared"
MEASURED, EASED = "measured", "eased"
SENSES = (
    BENEFIT, CAUSE, ABSENCE, MECHANISM, PRESENCE, OTHERS, USE, KNOWN, COMPARED, MEASURED, EASED,
)  # fmt: skip
NAMED = (USE, KNOWN, MEASURED, PRESENCE, OTHERS)
"""Senses in which a report about some counts, even where it is denied of others beside them."""

_NEAR = 2
"""Words that may stand between `normal` and what is normal."""
_OF_ITS_OWN = ("no", "neither", "nor", "none", "absence", "absent", "zero", "nil")
"""Negations of a subject: the verb behind what they deny is theirs."""
_NO = re.compile(r"(?:with |had |has |have |showed )?no\b|without\b")
_SOME = re.compile(
    r" (?:\w+ )?in (?:\d|one|two|three|four|five|six|seven|eight|nine|ten|some|a few)\b"
)
_COMPARATIVE = re.compile(r"\b(?:more|less) ")
"""Not more often responsible: a comparison, and no cause ruled out."""
_DENIED = re.compile(r"\b(?:no|none|never|not)\b[^,;]*$")
_OF = ("of", "in", "on", "to", "for")
"""With these, what a `no` denies comes next."""
_SOME_BEFORE = re.compile(r"\bin (?:\d+|one|two|three|four|five|six|some|a few) (?:\S+ ){0,4}$")
_SIGNIFICANT = 0.05
_P_VALUE = re.compile(r"([=<>\u2264\u2265]) ?0?(\.\d+)")
_UNTOLD_ZONES = ("methods", "objective")
_Place = tuple[int, int]


class Lists(Protocol):
    """The lists of words of findings.toml."""

    def spans(self, name: str, text: str) -> list[_Place]:
        """Where the patterns of a list stand in a folded text, in characters."""


class Stated(NamedTuple):
    """What a sentence states.

    Attributes:
        finding: one of FINDINGS.
        rule_id: the list of findings.toml that decided.
        start: first character of the words that decided, the ones asked about among them.
        end: one past the last.
    """

    finding: str
    rule_id: str
    start: int
    end: int


def stated_in(
    lists: Lists,
    sentence: str,
    start: int,
    end: int,
    *,
    zone: str,
    sense: str | None = None,
    is_case: bool = False,
) -> Stated | None:
    """What a sentence states about words in it.

    Args:
        lists: the lists of words.
        sentence: the folded sentence.
        start: first character of the words asked about.
        end: one past the last.
        zone: zone of the text it stands in.
        sense: the sense in which it is asked, if it has one of its own.
        is_case: the record reports patients, one by one.

    Returns:
        What is stated; None where the sentence only names, asks or measures what is asked about.
    """
    asked = _Asked(lists, sentence, (start, end), zone, sense, is_case)
    stated = asked.left_open()
    if stated is None:
        if asked.is_no_finding():
            return None
        stated = (
            asked.ruled_out() or asked.in_part() or asked.not_found()
            or Stated(REPORTED, REPORTED, start, end)
        )  # fmt: skip
    if sense == CAUSE and stated.finding == NOT_FOUND:
        stated = stated._replace(finding=RULED_OUT)
    elif sense in (ABSENCE, COMPARED) and stated.finding in (NOT_FOUND, RULED_OUT):
        stated = stated._replace(finding=REPORTED)
    return stated._replace(start=min(start, stated.start), end=max(end, stated.end))


@dataclass
class _Asked:
    """Words asked about, in their sentence; `text` is without what denies nothing asked for."""

    lists: Lists
    text: str
    place: _Place
    zone: str
    sense: str | None
    is_case: bool

    def __post_init__(self) -> None:
        lists = ["set_aside.all"]
        if self.sense != MECHANISM:
            lists.append("set_aside.but_mechanism")
        if self.sense in (PRESENCE, OTHERS):
            lists.append("ruled_out.all")
        for name in lists:
            for start, end in self.lists.spans(name, self.text):
                # what is asked about is not taken out of its own sentence
                end = min(end, self.place[0]) if start < self.place[0] else end
                if start < end:
                    # a space last: the words behind begin as words
                    blot = "_" * (end - start - 1) + " "
                    self.text = self.text[:start] + blot + self.text[end:]
        first, last = 0, len(self.text)
        for name in ("all", "title") if self.zone == "title" else ("all",):
            for start, end in self.lists.spans(f"clauses.{name}", self.text):
                if end <= self.place[0]:
                    first = max(first, end)
                elif start >= self.place[1]:
                    last = min(last, start)
        self.clause = (first, last)

    def left_open(self) -> Stated | None:
        """Words of doubt about what is asked: around it, or beside it without a comma between."""
        for cue in self._in_clause("unclear.all"):
            between = self.text[cue[1] : self.place[0]] + self.text[self.place[1] : cue[0]]
            if ", " not in between:
                return Stated(UNCLEAR, "unclear.all", *cue)
        return None

    def is_no_finding(self) -> bool:
        """Whether only a question is asked, a measurement named or research called for."""
        first, last = self.clause
        own, before = self.text[first:last], self.text[first : self.place[1]]
        if "?" in own:
            return True
        spans = self.lists.spans
        if self.sense == MEASURED and self.zone in ("title", "objective"):
            # what is to be measured is not reported yet
            return not self.is_case and not spans("no_finding.stated", own)
        if self.sense in (USE, KNOWN, PRESENCE, COMPARED, MEASURED):
            return False  # what a record is about, it reports
        if self.zone in _UNTOLD_ZONES:
            return True
        if self.sense == BENEFIT and self._is_wanted():
            return True
        # the cause is another drug's, unless the substance is named beside it
        is_another = self.sense == CAUSE and spans("ruled_out.another", own)
        if is_another and not spans("ruled_out.substance", self.text):
            return True
        is_of_nature = self.sense == CAUSE and spans("ruled_out.of_another_nature", own)
        if is_of_nature and not spans("ruled_out.substance", own):
            return True
        if self.zone == "title" and self.is_case:
            return False  # what its title names is what was seen
        if self.zone == "title":
            names = spans("no_finding.title_names", self.text)
            is_asked = names or spans("no_finding.before", before)
            return bool(is_asked) or not spans("no_finding.title", self.text)
        asked = [*spans("no_finding.before", before), *spans("no_finding.beside", own)]
        if self.sense == MECHANISM:
            asked += spans("no_finding.given", own)
        for start, end in asked:
            own = own[:start] + "_" * (end - start) + own[end:]
        return bool(asked) and not spans("no_finding.stated", own)

    def ruled_out(self) -> Stated | None:
        """Words that exclude a cause, in the statement, or said of it behind a `but`."""
        behind = [
            span for span in self.lists.spans("ruled_out.sentence", self.text)
            if span[0] >= self.place[0] and self.sense not in (PRESENCE, OTHERS)
        ]  # fmt: skip
        found = [
            cue for cue in (*self._in_clause("ruled_out.all"), *behind)
            if not _COMPARATIVE.search(self.text[cue[0] : cue[1]])
        ]  # fmt: skip
        return Stated(RULED_OUT, "ruled_out", *found[0]) if found else None

    def in_part(self) -> Stated | None:
        """Words behind that deny it of another of the substances, or of all the rest."""
        if self.sense in (MECHANISM, COMPARED, USE, KNOWN, MEASURED, PRESENCE, OTHERS, ABSENCE):
            return None
        spans = self.lists.spans
        for name in ("other", "rest"):
            for cue in spans(f"in_part.{name}", self.text):
                if cue[0] >= self.place[1]:
                    # where the substance is named only there, it is denied of that alone
                    is_only = name == "other" and not spans(
                        "ruled_out.substance", self.text[: cue[0]]
                    )
                    return Stated(NOT_FOUND if is_only else MIXED, f"in_part.{name}", *cue)
        return None

    def not_found(self) -> Stated | None:
        """The words that deny what is asked about, where they reach it."""
        for cue in self.lists.spans("not_found.sentence", self.text):
            if cue[0] >= self.place[0] and self.sense not in (KNOWN, MEASURED, PRESENCE):
                return Stated(NOT_FOUND, "not_found.sentence", *cue)
        if self.sense == OTHERS and self._is_not_alone():
            return None
        for name, reaches in (
            ("lesser", self._is_in),
            ("p_value", self._is_not_significant),
            ("before", self._reaches_forward),
            ("adjacent", self._is_near),
            ("after", self._reaches_back),
            ("worse", self._is_worse),
            ("alone", self._is_alone),
        ):
            for cue in self._in_clause(f"not_found.{name}"):
                if reaches(cue):
                    return Stated(NOT_FOUND, f"not_found.{name}", *cue)
                if name == "p_value" and cue[0] >= self.place[1]:
                    break  # the p value of what is asked about is the next one
        return None

    def _is_wanted(self) -> bool:
        """Whether people are said to take it for this, and not that it helped."""
        spans = self.lists.spans
        return bool(spans("no_finding.wanted", self.text)) and not spans(
            "no_finding.helped", self.text
        )

    def _in_clause(self, name: str) -> list[_Place]:
        first, last = self.clause
        found = self.lists.spans(name, self.text[first:last])
        return [(start + first, end + first) for start, end in found]

    def _is_in(self, cue: _Place) -> bool:
        return cue[0] < self.place[1] and self.place[0] < cue[1]

    def _is_not_significant(self, cue: _Place) -> bool:
        """Whether a p value behind what is asked about says that there was no difference."""
        found = _P_VALUE.search(self.text[cue[0] : cue[1]])
        if found is None or cue[0] < self.place[1]:
            return False
        sign, number = found.groups()
        return sign not in "<\u2264" and float(f"0{number}") >= _SIGNIFICANT

    def _reaches_forward(self, cue: _Place) -> bool:
        """Whether a negation reaches words behind it: no other statement begins in between."""
        start, end = self.place
        if cue[1] >= end:
            return False
        between, spans = self.text[cue[1] : max(start, cue[1])], self.lists.spans
        if spans("next_verb", between) or spans("ended", between):
            return False
        if _closes(between):
            return False  # it stands in brackets of its own
        if self.sense in (USE, KNOWN, MEASURED, PRESENCE) and not self._is_near(cue):
            return False
        word = self.text[cue[0] : cue[1]].split()[0]
        if word in _OF_ITS_OWN:
            return True
        if word == "not" and any(
            last == len(between) for _, last in spans("set_aside.granted", between)
        ):
            return False
        if "," in between and not self.text[: cue[0]].strip(" ."):
            return False  # "without treatment, ..."
        is_listed = "," in between or " and " in between
        return not (is_listed and spans("verb_soon", self.text[end:]))

    def _is_near(self, cue: _Place) -> bool:
        start = self.place[0]
        return cue[1] <= start and len(self.text[cue[1] : start].split()) <= _NEAR

    def _reaches_back(self, cue: _Place) -> bool:
        """Whether a negation reaches words before it: nothing is reported of them in between."""
        between, spans = self.text[self.place[1] : cue[0]], self.lists.spans
        if self.sense == MEASURED and any(map(str.isdigit, between)):
            return False  # a figure is given, whatever is denied behind it
        if cue[0] < self.place[0] or spans("result", between) or spans("next_subject", between):
            return False
        words, behind = self.text[cue[0] : cue[1]], self.text[cue[1] :].split()[:1]
        # "and not at all to ...", "without change of ...": said of what comes next
        is_of_next = words == "not" and between.rstrip().endswith(("and", "or", ","))
        return not is_of_next and not (_NO.match(words) and behind and behind[0] in _OF)

    def _is_worse(self, cue: _Place) -> bool:
        """Whether something got worse that was to get better."""
        between = self.text[cue[1] : self.place[0]] + self.text[self.place[1] : cue[0]]
        return self.sense in (BENEFIT, EASED) and ", " not in between

    def _is_not_alone(self) -> bool:
        """Whether it is denied that the substance stood alone."""
        for start, _ in self.lists.spans("not_found.alone", self.text):
            if _DENIED.search(self.text[:start]):
                return True
        return False

    def _is_alone(self, cue: _Place) -> bool:
        """Whether the substance stood alone, where others are asked for."""
        is_of_some = _SOME.match(self.text[cue[1] :]) or _SOME_BEFORE.search(self.text[: cue[0]])
        return self.sense == OTHERS and not is_of_some and not self._in_clause("not_found.company")


def _closes(text: str) -> bool:
    """Whether a bracket closes in a text that did not open there."""
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth < 0:
            return True
    return False
