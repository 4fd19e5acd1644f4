"""Registrations of a PubMed file, counted by plain text search with none of the pipeline's code.

    python -m tests.evidence.check_registrations FILE [--database PUBLISHED]

A second way to the same numbers: it cuts the file into records with regular expressions, takes
the accession numbers of DataBankList as they stand, and searches titles, abstracts and keywords
for numbers of trial registries. With a judged database it also names every record and number on
which the two ways differ, and fails if a number of NLM's list is lost.
"""

from __future__ import annotations

import argparse
import gzip
import html
import re
import sys
from pathlib import Path

import duckdb

TRIALS = re.compile(
    r"\b(?:NCT\W{0,3}\d{8}|ISRCTN\W{0,3}\d{8}|ACTRN\W{0,3}\d{14}|TCTR\W{0,3}\d{11}"
    r"|ChiCTR\W{0,3}(?:[A-Z]{2,5}-?)?\d{8,10}|CTRI\W{0,2}\d{4}/\d+/\d+|DRKS\W{0,3}\d{8}"
    r"|IRCT\W{0,3}\d{6,20}N\d+|UMIN\W{0,3}(?:ID\W{0,2})?\d{9}|jRCT\W{0,2}[sc]?\d{9,10}"
    r"|Japic-?CTI\W{0,2}\d{6}|KCT\W{0,2}\d{7}|NTR\W{0,2}\d{2,5}|PACTR\W{0,2}\d{15}"
    r"|RBR-\w{6,8}|U1111-\d{4}-\d{4}"
    r"|(?:EudraCT|EUCTR)[^.]{0,50}?\d{4}-00\d{4}-\d{2})\b",
    re.IGNORECASE,
)
REGISTRIES = ("ClinicalTrials.gov", "ISRCTN", "ANZCTR", "IRCT", "ChiCTR", "DRKS", "UMIN CTR")


def read(path: Path) -> tuple[dict[int, set[str]], dict[int, set[str]]]:
    """Numbers by PMID: of NLM's list, and of trial registries in the text."""
    listed: dict[int, set[str]] = {}
    said: dict[int, set[str]] = {}
    with gzip.open(path, "rt", encoding="utf-8") as file:
        whole = file.read()
    for record in re.findall(r"<PubmedArticle>.*?</PubmedArticle>", whole, re.DOTALL):
        pmid = int(re.search(r"<PMID[^>]*>(\d+)", record)[1])  # type: ignore[index]
        for name, numbers in re.findall(
            r"<DataBankName>(.*?)</DataBankName>(.*?)</DataBank>", record, re.DOTALL
        ):
            if name in REGISTRIES:
                found = re.findall(r"<AccessionNumber>(.*?)</AccessionNumber>", numbers)
                listed.setdefault(pmid, set()).update(found)
        texts = re.findall(
            r"<(?:ArticleTitle|AbstractText|Keyword)\b[^>]*>(.*?)</(?:ArticleTitle|AbstractText|Keyword)>",
            record, re.DOTALL,
        )  # fmt: skip
        text = html.unescape(re.sub(r"<[^>]+>", "", " \n ".join(texts)))
        if numbers_here := {
            re.sub(r"\W|EudraCT\D*|EUCTR\D*", "", m.upper()) for m in TRIALS.findall(text)
        }:
            said[pmid] = numbers_here
    return listed, said


def main() -> int:
    """Count, compare, and say what differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--database", type=Path)
    arguments = parser.parse_args()
    listed, said = read(arguments.file)
    added = set(said) - set(listed)
    print(f"records with a registry in NLM's list: {len(listed)}")
    print(f"records with a trial number in the text: {len(said)}")
    print(f"records that only the text adds: {len(added)}")
    if not arguments.database:
        return 0
    with duckdb.connect(str(arguments.database), read_only=True) as con:
        held = dict(con.execute(
            "SELECT pmid, list(upper(regexp_replace(number, '\\W', '', 'g'))) "
            "FROM evidence.registrations GROUP BY pmid"
        ).fetchall())  # fmt: skip
        known = {pmid for (pmid,) in con.execute("SELECT pmid FROM core.articles").fetchall()}
        ours = {pmid for (pmid,) in con.execute(
            "SELECT pmid FROM evidence.registrations WHERE is_trial_registry"
        ).fetchall()}  # fmt: skip
    lost = [
        (pmid, number) for pmid, numbers in listed.items() if pmid in known
        for number in numbers
        if re.sub(r"\W", "", number.upper()) not in held.get(pmid, ())
    ]  # fmt: skip
    print(f"numbers of NLM's list that are lost: {len(lost)} {lost[:5]}")
    print(f"trial numbers by the pipeline alone: {sorted(ours - set(said) - set(listed))}")
    print(f"trial numbers by this script alone: {sorted((set(said) & known) - ours)}")
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
