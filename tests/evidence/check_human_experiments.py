"""Experiments on people in a PubMed file, found by none of our code, held against the table.

    python -m tests.evidence.check_human_experiments FILE PUBLISHED

PUBLISHED is the ketum.duckdb of a set made by `ketum update --from FILE`. The file is cut into
records with regular expressions. A record is an experiment on people by NLM when a publication
type of it says so; by text when its title or abstract says in plain words that people were
allotted by chance. Of the members of each search the script tells

- whom NLM calls a trial, and whether each stands in exactly one line of marts.human_experimental
  or, where its primary type is another one, in marts.possible_human_experimental (exit code 1 when
  one does not);
- whom only the text calls a randomised trial, and every one of them that stands in no line, with
  the primary type it got instead, to be looked at;
- whether every value of every cell has a proof of one of the line's records, and every proof that
  has a place stands there in the file's own text (exit code 1 when not).
"""

from __future__ import annotations

import argparse
import gzip
import html
import re
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

NLM_TRIALS = re.compile(
    r"(?:Adaptive |Controlled |Pragmatic )?Clinical Trial(?:, Phase I[IV]*)?"
    r"|Randomized Controlled Trial|Equivalence Trial"
)
BY_CHANCE = re.compile(
    r"\brandomi[sz]ed,? (?:\w+[ -]){0,4}trial\b|\brandomi[sz]ed controlled\b"
    r"|\b(?:patients|participants|women|men|adults|children|volunteers|subjects) "
    r"(?:\([^)]*\) )?(?:were|was) (?:\w+ ){0,2}(?:randomi[sz]ed|randomly (?:assigned|allocated))\b",
    re.IGNORECASE,
)
NO_TRIAL = re.compile(
    r"\b(?:review|meta-?analys|protocol|guideline|comment|reply|letter)"
    r"|\b(?:rats?|mice|dogs?|cats?|horses?|pigs?|sheep|rabbits?)\b",
    re.IGNORECASE,
)
"""In a title: what names trials without being one, and animals."""
CELLS = (
    "registrations", "study_types", "substances", "purposes", "populations", "outcomes",
    "countries",
)  # fmt: skip


@dataclass(frozen=True)
class Plain:
    """A record as the file has it: its title, its texts, and who calls it a trial."""

    title: str
    texts: tuple[str, ...]
    by_nlm: bool
    by_text: bool


def read(path: Path) -> dict[int, Plain]:
    """The records of a PubMed file by PMID, the last version of each."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        whole = file.read()
    records: dict[int, Plain] = {}
    for record in re.findall(r"<PubmedArticle>.*?</PubmedArticle>", whole, re.DOTALL):
        pmid = int(re.search(r"<PMID[^>]*>(\d+)", record)[1])  # type: ignore[index]
        title = _text("".join(re.findall(r"<ArticleTitle[^>]*>(.*?)</ArticleTitle>", record, re.S)))
        texts = re.findall(
            r"<(?:AbstractText|Keyword)\b[^>]*>(.*?)</(?:AbstractText|Keyword)>", record, re.DOTALL
        )
        types = re.findall(r"<PublicationType [^>]*>(.*?)</PublicationType>", record)
        said = " ".join([title, *map(_text, texts)])
        records[pmid] = Plain(
            title,
            (title, *map(_text, texts)),
            any(NLM_TRIALS.fullmatch(one) for one in types),
            bool(BY_CHANCE.search(said)) and not NO_TRIAL.search(title),
        )
    return records


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup))


def check(records: dict[int, Plain], con: duckdb.DuckDBPyConnection) -> int:
    """Print what each search lists and misses; how many things are wrong.

    Args:
        records: the file, as `read` gives it.
        con: the published database.
    """
    listed: defaultdict[tuple[str, int], int] = defaultdict(int)
    for search, pmids in con.execute(
        "SELECT search, report_pmids || other_pmids FROM marts.human_experimental"
    ).fetchall():
        for pmid in pmids:
            listed[search, pmid] += 1
    types = dict(con.execute(
        "SELECT pmid, study_type FROM evidence.article_study_types WHERE is_primary"
    ).fetchall())  # fmt: skip
    possible = set(con.execute(
        "SELECT search, pmid FROM marts.possible_human_experimental WHERE is_labelled"
    ).fetchall())  # fmt: skip
    hits = con.execute(
        "SELECT search, pmid FROM ops.search_hits WHERE left_at IS NULL ORDER BY ALL"
    ).fetchall()
    wrong = 0
    for search in sorted({search for search, _ in hits}):
        members = [pmid for one, pmid in hits if one == search and pmid in records]
        nlm = [pmid for pmid in members if records[pmid].by_nlm]
        text = [pmid for pmid in members if records[pmid].by_text and not records[pmid].by_nlm]
        not_once = [
            pmid for pmid in nlm
            if listed[search, pmid] != 1
            and (types[pmid] in ("RCT", "NRCT") or (search, pmid) not in possible)
        ]  # fmt: skip
        twice = [pmid for one, pmid in list(listed) if one == search and listed[one, pmid] > 1]
        left_out = [pmid for pmid in text if not listed[search, pmid]]
        wrong += len(not_once) + len(twice)
        print(f"{search}: {len(members)} members of the file")
        print(f"  called a trial by NLM: {len(nlm)}, not in exactly one line: {not_once}")
        print(f"  randomised by the text alone: {len(text)}, in no line: {len(left_out)}")
        for pmid in left_out:
            print(f"    {pmid} {types[pmid]}: {records[pmid].title[:90]}")
    return wrong + _unproved(con) + _misplaced(con, records)


def _unproved(con: duckdb.DuckDBPyConnection) -> int:
    """Values of cells without a proof."""
    values = " || ".join(f"list_transform({cell}, lambda v: ['{cell}', v])" for cell in CELLS)
    row = con.execute(
        f"""
        WITH told AS (
            SELECT search, study_group, unnest({values}
                || CASE WHEN sample_size IS NULL THEN []
                    ELSE [['sample_size', sample_size::VARCHAR]] END
                || [['year', first_year::VARCHAR], ['year', last_year::VARCHAR]]) AS cell
            FROM marts.human_experimental
        )
        SELECT count(*), count(*) FILTER (WHERE NOT EXISTS (
            SELECT 1 FROM marts.human_experimental_proofs AS proof
            WHERE proof.search = told.search AND proof.study_group = told.study_group
                AND proof.cell = told.cell[1] AND proof.value = told.cell[2]))
        FROM told WHERE told.cell[2] IS NOT NULL
        """
    ).fetchone()
    assert row is not None
    print(f"values of cells: {row[0]}, without a proof: {row[1]}")
    return int(row[1])


def _misplaced(con: duckdb.DuckDBPyConnection, records: dict[int, Plain]) -> int:
    """Proofs from title, abstract or keywords whose words the file's record does not have."""
    proofs = con.execute(
        "SELECT DISTINCT pmid, matched_text FROM marts.human_experimental_proofs "
        "WHERE char_start IS NOT NULL AND field IN ('title', 'abstract', 'keywords')"
    ).fetchall()
    lost = [
        (pmid, words) for pmid, words in proofs
        if not any(words in text for text in records[pmid].texts)
    ]  # fmt: skip
    print(f"proofs with a place: {len(proofs)}, not in the file's text: {len(lost)} {lost[:3]}")
    return len(lost)


def main() -> int:
    """Check one file against one published set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("published", type=Path)
    arguments = parser.parse_args()
    with duckdb.connect(str(arguments.published.resolve()), read_only=True) as con:
        return 1 if check(read(arguments.file), con) else 0


if __name__ == "__main__":
    sys.exit(main())
