"""Small PubMed records, written for the case a test shows."""

from __future__ import annotations

import gzip
from pathlib import Path


def article(
    pmid: int,
    title: str,
    *,
    year: int | str | None = 2025,
    electronic: int | None = None,
    abstract: str = "",
    types: tuple[tuple[str, str], ...] = (("D016428", "Journal Article"),),
    mesh: tuple[tuple[str, str], ...] = (),
    links: tuple[tuple[str, str, int], ...] = (),
    revised: str = "2026-01-05",
    entered: str = "2025-06-01",
    listed: str = "",
    completed: str = "",
    status: str = "MEDLINE",
    version: int = 1,
    doi: str = "",
) -> str:
    """One PubmedArticle as XML text.

    `year`: an int makes PubDate/Year, text a MedlineDate, None an empty PubDate;
    `electronic` is the year of an ArticleDate; `types` and `mesh` are (UI, name) pairs;
    `links` (RefType, RefSource, PMID) of CommentsCorrections; `revised`, `completed` and
    `entered` ISO dates of DateRevised, DateCompleted and the History dates, of which `listed`
    sets the one of PubStatus pubmed (EDAT) apart. Mark-up may stand in title and abstract.
    """
    if isinstance(year, int):
        pub_date = f"<Year>{year}</Year>"
    else:
        pub_date = f"<MedlineDate>{year}</MedlineDate>" if year else ""
    parts = {
        "abstract": f"<Abstract><AbstractText>{abstract}</AbstractText></Abstract>"
        if abstract
        else "",
        "electronic": f'<ArticleDate DateType="Electronic"><Year>{electronic}</Year>'
        "<Month>03</Month><Day>02</Day></ArticleDate>"
        if electronic
        else "",
        "types": "".join(
            f'<PublicationType UI="{ui}">{name}</PublicationType>' for ui, name in types
        ),
        "links": "".join(
            f'<CommentsCorrections RefType="{kind}"><RefSource>{source}</RefSource>'
            f'<PMID Version="1">{other}</PMID></CommentsCorrections>'
            for kind, source, other in links
        ),
        "mesh": "".join(
            f'<MeshHeading><DescriptorName UI="{ui}" MajorTopicYN="N">{name}</DescriptorName>'
            "</MeshHeading>"
            for ui, name in mesh
        ),
        "doi": f'<ArticleId IdType="doi">{doi}</ArticleId>' if doi else "",
    }
    revised_date = _date_parts(revised)
    entered_date = _date_parts(entered)
    listed_date = _date_parts(listed or entered)
    completed_xml = f"<DateCompleted>{_date_parts(completed)}</DateCompleted>" if completed else ""
    links_xml = (
        f"<CommentsCorrectionsList>{parts['links']}</CommentsCorrectionsList>" if links else ""
    )
    mesh_xml = f"<MeshHeadingList>{parts['mesh']}</MeshHeadingList>" if mesh else ""
    return f"""<PubmedArticle><MedlineCitation Status="{status}" Owner="NLM">
<PMID Version="{version}">{pmid}</PMID>{completed_xml}<DateRevised>{revised_date}</DateRevised>
<Article PubModel="Print"><Journal><JournalIssue CitedMedium="Print"><Volume>7</Volume>
<PubDate>{pub_date}</PubDate></JournalIssue><Title>Journal of Tests</Title></Journal>
<ArticleTitle>{title}</ArticleTitle><Pagination><MedlinePgn>1-9</MedlinePgn></Pagination>
{parts["abstract"]}<AuthorList CompleteYN="Y"><Author ValidYN="Y"><LastName>Leaf</LastName>
<ForeName>Ana</ForeName><Initials>A</Initials></Author></AuthorList><Language>eng</Language>
<PublicationTypeList>{parts["types"]}</PublicationTypeList>{parts["electronic"]}</Article>
<MedlineJournalInfo><MedlineTA>J Tests</MedlineTA><NlmUniqueID>900</NlmUniqueID>
</MedlineJournalInfo>
{links_xml}{mesh_xml}</MedlineCitation>
<PubmedData><History><PubMedPubDate PubStatus="entrez">{entered_date}</PubMedPubDate>
<PubMedPubDate PubStatus="pubmed">{listed_date}</PubMedPubDate></History>
<PublicationStatus>ppublish</PublicationStatus><ArticleIdList>
<ArticleId IdType="pubmed">{pmid}</ArticleId>{parts["doi"]}</ArticleIdList></PubmedData>
</PubmedArticle>"""


def article_set(*records: str, deleted: tuple[int, ...] = ()) -> str:
    """A PubmedArticleSet of records, with a DeleteCitation if any is deleted."""
    gone = "".join(f'<PMID Version="1">{pmid}</PMID>' for pmid in deleted)
    end = f"<DeleteCitation>{gone}</DeleteCitation>" if deleted else ""
    body = "\n".join(records)
    head = '<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n'
    return f"{head}{body}\n{end}</PubmedArticleSet>\n"


def write(path: Path, *records: str, deleted: tuple[int, ...] = ()) -> Path:
    """Write a PubmedArticleSet; returns the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(article_set(*records, deleted=deleted), encoding="utf-8")
    return path


FEW = 3_000
END = b"</PubmedArticle>"


def some_of(path: Path) -> bytes:
    """The first 3,000 of the records of a packed file of NLM's."""
    data = gzip.decompress(path.read_bytes())
    return END.join(data.split(END, FEW)[:FEW]) + END + b"</PubmedArticleSet>"


def _date_parts(iso: str) -> str:
    year, month, day = iso.split("-")
    return f"<Year>{year}</Year><Month>{month}</Month><Day>{day}</Day>"
