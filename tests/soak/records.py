"""A record of the soak's PubMed: as data, as XML, and as the values ketum would log."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tests.corpus import article

SEARCHES = ("kratom", "kratom_pain")
FINAL_STATUSES = ("MEDLINE", "PubMed-not-MEDLINE")
"""Statuses after which NLM changes a record only with a new DateRevised, or hardly ever."""

TYPES = {
    "Journal Article": "D016428",
    "Randomized Controlled Trial": "D016449",
    "Case Reports": "D002363",
    "Review": "D016454",
    "Systematic Review": "D000078182",
    "Preprint": "D000076942",
    "Retracted Publication": "D016441",
    "Retraction of Publication": "D016440",
}

Link = tuple[str, str, int]


@dataclass(frozen=True)
class Record:
    """One state of one PMID.

    Attributes:
        entered: History date entrez (CRDT), when it came into PubMed.
        listed: History date pubmed (EDAT), which may lie long before.
        about_kratom, about_pain: whether its words match these topics.
        wording: counts the changes of its title.
        abstract_wording: counts the changes of its abstract; 0 is none.
        is_broken: its XML cannot be read as a record.
        changed_on: day of the last change that PubMed announced, by DateRevised or as new.
    """

    pmid: int
    doi: str
    entered: date
    listed: date
    revised: date
    changed_on: date
    year: int
    status: str
    population: str
    about_kratom: bool
    about_pain: bool
    types: tuple[str, ...] = ("Journal Article",)
    wording: int = 1
    abstract_wording: int = 0
    completed: date | None = None
    version: int = 1
    links: tuple[Link, ...] = ()
    is_broken: bool = False

    @property
    def is_final(self) -> bool:
        return self.status in FINAL_STATUSES

    @property
    def is_notice(self) -> bool:
        return "Retraction of Publication" in self.types

    def is_in(self, search: str) -> bool:
        """Whether PubMed finds it by this search."""
        return self.about_kratom and (self.about_pain or search == "kratom")

    @property
    def title(self) -> str:
        plant = "Kratom" if self.about_kratom else "Coffee"
        outcome = "pain" if self.about_pain else "sleep"
        start = "Retraction: " if self.is_notice else ""
        return f"{start}{plant} and {outcome} in {self.population}, wording {self.wording}"

    @property
    def abstract(self) -> str:
        if not self.abstract_wording:
            return ""
        return f"What was seen in {self.population}, wording {self.abstract_wording}."

    @property
    def headings(self) -> tuple[tuple[str, str], ...]:
        """MeSH headings, which an indexed record has."""
        if self.status != "MEDLINE":
            return ()
        found = [("D006801", "Humans")]
        if self.about_kratom:
            found.append(("D032065", "Mitragyna"))
        if self.about_pain:
            found.append(("D010146", "Pain"))
        return tuple(found)

    @cached_property
    def xml(self) -> str:
        text = article(
            self.pmid,
            self.title,
            year=self.year,
            abstract=self.abstract,
            types=tuple((TYPES[name], name) for name in self.types),
            mesh=self.headings,
            links=self.links,
            revised=f"{self.revised}",
            entered=f"{self.entered}",
            listed=f"{self.listed}",
            completed=f"{self.completed}" if self.completed else "",
            status=self.status,
            version=self.version,
            doi=self.doi,
        )
        if self.is_broken:
            return text.replace(f'Version="{self.version}"', 'Version="99999999"', 1)
        return text

    @cached_property
    def sha256(self) -> str:
        return hashlib.sha256(self.xml.encode()).hexdigest()

    @property
    def values(self) -> dict[str, str | None]:
        """Values by their name in core.articles; those that are one text or NULL."""
        return {
            "title": self.title,
            "citation_status": self.status,
            "date_revised": f"{self.revised}",
            "date_completed": f"{self.completed}" if self.completed else None,
            "pmid_version": f"{self.version}",
            "doi": self.doi,
            "issue_year": f"{self.year}",
            "issue_date_verbatim": f"{self.year}",
        }

    @property
    def lists(self) -> dict[str, tuple[object, ...]]:
        """What it has in the child tables of core, by table; only what may change here."""
        return {
            "abstract_sections": (self.abstract,),
            "mesh_headings": self.headings,
            "publication_types": self.types,
            "article_links": self.links,
            "article_identifiers": (self.doi,),
        }
