"""Which reference files there are. Nothing is read of them here, and nothing heavy imported."""

from __future__ import annotations

from pathlib import Path

DECIDING_FILES = (
    "language.toml",
    "topics.toml",
    "study_types.toml",
    "facets.toml",
    "registries.toml",
    "claims.toml",
    "findings.toml",
)
"""The files that every judgement depends on. A decision in overrides.toml is of one record."""
READINGS_FILE = "claim_evidence.csv"
KNOWN_ARTICLES = "known_articles.csv"
REFERENCE_FILES = (*DECIDING_FILES, "overrides.toml", READINGS_FILE, KNOWN_ARTICLES)
MEASURED_FILE = "measured.json"
MODEL_FILE = "reader.npz"
QUESTIONS_MEASURED = "questions_measured.jsonl"
FACETS_MEASURED = "facets_measured.jsonl"
OPTIONAL_FILES = (MEASURED_FILE, MODEL_FILE, QUESTIONS_MEASURED, FACETS_MEASURED)
"""Kept with a run where they are there: archives of before they existed can be rebuilt."""


def files_in(directory: Path) -> list[str]:
    """Names of the files to keep with a run, so that it can be judged again.

    An optional one is named where it is there, the others in any case.
    """
    return [
        *REFERENCE_FILES,
        *(name for name in OPTIONAL_FILES if (directory / name).is_file()),
    ]
