"""How to read the attributes of every element that has any.

Enumerations and defaults of attributes are those of pubmed_250101.dtd; where the DTD has CDATA
but NLM documents a fixed list (IndexingMethod), the list is here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.pubmed.parsing.tables import Attributes, Tally


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


YES_NO = {"Y": True, "N": False}
NOTHING: frozenset[str] = frozenset()
ID_TYPES = words("doi pii pmcpid pmpid pmc mid sici pubmed medline pmcid pmcbook bookaccession")
OWNERS = words("NLM NASA PIP KIE HSR HMD NOTNLM")
DATE_TAGS = words("Year Month Day Season MedlineDate Hour Minute Second")
PUB_STATUSES = words(
    "received accepted epublish ppublish revised aheadofprint retracted ecollection "
    "pmc pmcr pubmed pubmedr premedline medline medliner entrez pmc-release"
)
REF_TYPES = words(
    "AssociatedDataset AssociatedPublication CommentIn CommentOn "
    "CorrectedandRepublishedIn CorrectedandRepublishedFrom ErratumIn ErratumFor "
    "ExpressionOfConcernIn ExpressionOfConcernFor RepublishedIn RepublishedFrom "
    "RetractedandRepublishedIn RetractedandRepublishedFrom RetractionIn RetractionOf "
    "UpdateIn UpdateOf SummaryForPatientsIn OriginalReportIn ReprintIn ReprintOf "
    "Cites"
)
CITATION_STATUSES = words(
    "Completed In-Process PubMed-not-MEDLINE In-Data-Review Publisher MEDLINE OLDMEDLINE"
)


class Vocabulary:
    """How to read the attributes of every element that has any, for one reading."""

    def __init__(self, tally: Tally) -> None:
        def of(
            element: str, **fields: tuple[Any, Mapping[str, Any] | frozenset[str] | None]
        ) -> Attributes:
            return Attributes(tally, element, **fields)

        self.article = of(
            "Article",
            PubModel=(
                None,
                words("Print Print-Electronic Electronic Electronic-Print Electronic-eCollection"),
            ),
        )
        self.citation = of(
            "MedlineCitation",
            Status=(None, CITATION_STATUSES),
            Owner=("NLM", OWNERS),
            IndexingMethod=(None, words("Automated Curated Manual")),
            VersionID=(None, None),
            VersionDate=(None, None),
        )
        self.pmid = of("PMID", Version=("0", None))
        self.issn = of("ISSN", IssnType=(None, words("Electronic Print")))
        self.issue = of("JournalIssue", CitedMedium=(None, words("Internet Print")))
        self.article_id = of("ArticleId", IdType=("pubmed", ID_TYPES))
        self.elocation = of("ELocationID", EIdType=(None, words("doi pii")), ValidYN=(True, YES_NO))
        self.other_id = of(
            "OtherID",
            Source=(
                None,
                words("NASA KIE PIP POP ARPL CPC IND CPFH CLML NRCBL NLM QCIM"),
            ),
        )
        self.abstract_text = of(
            "AbstractText",
            Label=(None, None),
            NlmCategory=(
                None,
                words("BACKGROUND OBJECTIVE METHODS RESULTS CONCLUSIONS UNASSIGNED"),
            ),
        )
        self.other_abstract = of(
            "OtherAbstract",
            Type=(
                "",
                words("AAMC AIDS KIE PIP NASA Publisher plain-language-summary"),
            ),
            Language=("eng", None),
        )
        self.author_list = of(
            "AuthorList",
            CompleteYN=(True, YES_NO),
            Type=("authors", words("authors editors")),
        )
        self.author = of("Author", ValidYN=(True, YES_NO), EqualContrib=(None, YES_NO))
        self.investigator = of("Investigator", ValidYN=(True, YES_NO), EqualContrib=(None, NOTHING))
        self.subject = of(
            "PersonalNameSubject", ValidYN=(None, NOTHING), EqualContrib=(None, NOTHING)
        )
        self.identifier = of("Identifier", Source=(None, None))
        self.article_date = of("ArticleDate", DateType=("Electronic", words("Electronic")))
        self.publication_type = of("PublicationType", UI=(None, None))
        self.descriptor = of(
            "DescriptorName",
            MajorTopicYN=(False, YES_NO),
            AutoHM=(None, YES_NO),
            Type=(None, words("Geographic")),
            UI=(None, None),
        )
        self.qualifier = of(
            "QualifierName", MajorTopicYN=(False, YES_NO), AutoHM=(None, YES_NO), UI=(None, None)
        )
        self.substance = of("NameOfSubstance", UI=(None, None))
        self.supplement = of(
            "SupplMeshName",
            UI=(None, None),
            Type=(None, words("Disease Protocol Organism Anatomy Population")),
        )
        self.keyword_list = of("KeywordList", Owner=("NLM", OWNERS | {"NLM-AUTO", "HHS"}))
        self.keyword = of("Keyword", MajorTopicYN=(False, YES_NO))
        self.complete = {
            name: of(name, CompleteYN=(True, YES_NO)) for name in ("GrantList", "DataBankList")
        }
        self.general_note = of("GeneralNote", Owner=("NLM", OWNERS - {"NOTNLM"}))
        self.link = of("CommentsCorrections", RefType=("", REF_TYPES))
        self.history = of("PubMedPubDate", PubStatus=("", PUB_STATUSES))
        self.object = of("Object", Type=("", None))
        self.param = of("Param", Name=(None, None))
        self.item_list = of("ItemList", ListType=(None, None))
        self.location = of(
            "LocationLabel",
            Type=(
                None,
                words("part chapter section appendix figure table box"),
            ),
        )
