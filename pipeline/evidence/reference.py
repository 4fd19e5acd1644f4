"""The reference files people edit: which there are, and that all of them can be read."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ConfigurationError
from pipeline.evidence.claims import load_claims
from pipeline.evidence.curation import load_readings
from pipeline.evidence.evaluation.results import MEASURED_FILE
from pipeline.evidence.facets import load_facets
from pipeline.evidence.known_articles import KNOWN_ARTICLES, load_known_articles
from pipeline.evidence.overrides import load_overrides
from pipeline.evidence.reader import MODEL_FILE
from pipeline.evidence.registrations import load_registries
from pipeline.evidence.rule_file import RuleFile
from pipeline.evidence.shapes import SHAPES, check_shape
from pipeline.evidence.study_types import load_study_types
from pipeline.evidence.topics import Topics, load_topics

REFERENCE_FILES = (
    "topics.toml",
    "study_types.toml",
    "facets.toml",
    "registries.toml",
    "overrides.toml",
    "claims.toml",
    "claim_evidence.csv",
    KNOWN_ARTICLES,
)
OPTIONAL_FILES = (MEASURED_FILE, MODEL_FILE)
"""Kept with a run where they are there: archives of before they existed can be rebuilt."""


def check_reference(reference: Path, *, is_strict: bool = True) -> Topics:
    """Read every reference file before anything is asked or fetched; gives the topics.

    Args:
        reference: their directory.
        is_strict: refuse names that nothing reads, things named twice and known articles
            without a number too; the files of a committed run are taken as they were.

    Raises:
        ConfigurationError: one is missing or wrong; the message names file and line.
    """
    try:
        for name, shape in SHAPES.items() if is_strict else ():
            if (reference / name).is_file():  # one that is missing, its loader misses
                check_shape(RuleFile(reference / name), shape)
        topics = load_topics(reference / "topics.toml")
        types = load_study_types(reference / "study_types.toml")
        names = [topic.name for topic in topics.topics]
        facets = load_facets(reference / "facets.toml", types, names)
        load_registries(reference / "registries.toml")
        load_overrides(reference / "overrides.toml", types.codes(), facets)
        claims = load_claims(reference / "claims.toml", types.codes(), names)
        load_readings(reference / "claim_evidence.csv", [claim.code for claim in claims.matched()])
        load_known_articles(reference / KNOWN_ARTICLES, is_strict=is_strict)
    except FileNotFoundError as error:
        raise _bad_reference(f"The reference file {error.filename} is missing.") from None
    return topics


def _bad_reference(cause: str) -> ConfigurationError:
    return ConfigurationError(
        cause, effect="Nothing changed.", next_step="restore it (`git checkout data/reference`)."
    )
