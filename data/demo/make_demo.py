"""Make the demonstration from a PubMed update file and the list of known articles.

    python data/demo/make_demo.py ../shared/pubmed/pubmed21n1298.xml.gz

Abstracts, conflict of interest and copyright statements are third-party text and are
taken out first; kept are the citations that still match kratom or pain without them.
Known kratom articles that are not among these become rows of known_citations.csv.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from itertools import chain
from pathlib import Path

import duckdb

from pipeline.evidence.record import read_records
from pipeline.evidence.reference import Reference
from pipeline.evidence.topics import found_by
from pipeline.pubmed.parsing.cutting import extract
from pipeline.settings import ROOT, Settings
from pipeline.warehouse import stage
from pipeline.warehouse.fingerprint import schema_files

HERE = Path(__file__).resolve().parent
REFERENCE = ROOT / "data" / "reference"
XML_NAME = "pubmed21n1298-selection.xml.gz"

_THIRD_PARTY = re.compile(rb"\s*<(Abstract|OtherAbstract|CoiStatement)\b[^>]*>.*?</\1>", re.DOTALL)


def main(source: Path) -> None:
    """Write the XML selection and the citation list beside this script."""
    stripped = _THIRD_PARTY.sub(b"", gzip.decompress(source.read_bytes()))
    reference = Reference.load(REFERENCE)
    topics = reference.topics
    with duckdb.connect() as con:
        for path in schema_files(Settings.from_environment().sql):
            con.execute(path.read_text(encoding="utf-8"))
        stage.create_staging(con)
        stage.stage_file(con, stripped, raw_file=None, stamp="demo", first_record_no=1)
        records = list(chain.from_iterable(read_records(con, "staging.keyed")))
        wanted = found_by(topics.searches, topics, reference.language, records)
        spans = con.execute(
            """
            SELECT raw_offset, raw_length, pmid, doi FROM staging.core.articles
            WHERE list_contains(?::INTEGER[], record_no) ORDER BY raw_offset
            """,
            [wanted],
        ).fetchall()
    pmids = {str(span[2]) for span in spans}
    cuts = extract(io.BytesIO(stripped), [(span[0], span[1]) for span in spans])
    head = stripped[: stripped.index(b"<PubmedArticleSet>")]
    body = (
        head
        + b"<PubmedArticleSet>\n"
        + b"\n".join(raw for _, raw in cuts)
        + b"\n</PubmedArticleSet>\n"
    )
    (HERE / XML_NAME).write_bytes(gzip.compress(body, compresslevel=9, mtime=0))
    with (
        (REFERENCE / "known_articles.csv").open(encoding="utf-8", newline="") as known,
        (HERE / "known_citations.csv").open("w", encoding="utf-8", newline="") as out,
    ):
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["pmid", "doi", "year", "title"])
        rows = [row for row in csv.DictReader(known) if row["pmid"] not in pmids]
        writer.writerows([row["pmid"], row["doi"], row["year"], row["title"]] for row in rows)
    print(f"{len(spans)} citations in {XML_NAME}, {len(rows)} in known_citations.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
