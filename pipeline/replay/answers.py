"""An answer over HTTP, and the documents of NCBI's E-utilities, written as NCBI writes them.

Shapes after answers captured in 2024-2026 and the DTDs their DOCTYPE lines name; of NCBI's web
pages only the titles.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from xml.sax.saxutils import escape

from pipeline.replay.query import FIELDS
from pipeline.replay.search import Findings

TOOLS = ("esearch", "epost", "efetch", "esummary", "einfo", "espell")
"""The tools the server has."""

Parameters = dict[str, str]


@dataclass(frozen=True)
class Response:
    """An HTTP answer; the fields after `headers` send it badly, for tests of clients.

    Attributes:
        body: the whole body, not compressed.
        status: the HTTP status.
        content_type: the header of that name.
        headers: further headers.
        chunked: send the body in chunks, without a Content-Length.
        cut_at: hang up after so many bytes of the body, or their share of a compressed one.
        delay: seconds of silence before the first byte.
        pause: seconds between any two bytes of the body.
        reset: break the connection off without a byte.
        page: what an ESearch that found no error says, for faults that change it.
    """

    body: bytes
    status: int = 200
    content_type: str = "text/xml; charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    chunked: bool = False
    cut_at: int | None = None
    delay: float = 0.0
    pause: float = 0.0
    reset: bool = False
    page: Page | None = None


@dataclass(frozen=True)
class Exchange:
    """A request and the right answer to it.

    Attributes:
        tool: e.g. `esearch`.
        parameters: as the server understood them, without the api_key.
        right: what a server that behaves answers.
        ask: the right answer to any other request.
        api_key: the caller's key, empty if none was sent. NCBI's error bodies echo it.
    """

    tool: str
    parameters: Parameters
    right: Response
    ask: Callable[[str, Parameters], Response]
    api_key: str = field(default="", repr=False)

    @property
    def wants_json(self) -> bool:
        return self.parameters.get("retmode") == "json"


Fault = Callable[[Exchange], Response]
"""What a server that misbehaves does with an exchange: the answer it gives, right or not."""


@dataclass(frozen=True)
class FaultCase:
    """One way in which E-utilities misbehave.

    Attributes:
        number: which of the 25 cases a client must survive; some have several variants.
        name: stable, for the command line.
        what: one sentence.
        strikes: the tools whose answers it spoils.
        apply: makes the wrong answer. An answer the case cannot spoil (an error, a list of
            UIDs where it alters records) is given back as it is.
    """

    number: int
    name: str
    what: str
    strikes: frozenset[str]
    apply: Fault


class Cases(list[FaultCase]):
    """Ways to misbehave, each added where it is written."""

    def __init__(self, strikes: Iterable[str]) -> None:
        """Begin with none; `strikes` are the tools of a case that names none."""
        super().__init__()
        self._strikes = tuple(strikes)

    def add(self, number: int, name: str, what: str, *strikes: str) -> Callable[[Fault], Fault]:
        """Add what the decorated function does; the arguments as `FaultCase` has them."""

        def added(apply: Fault) -> Fault:
            self.append(FaultCase(number, name, what, frozenset(strikes or self._strikes), apply))
            return apply

        return added


def web_page(title: str, text: str, status: int = 200) -> Response:
    """A page of HTML."""
    body = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html>\n'
        f"<head><title>{html.escape(title)}</title></head>\n"
        f"<body><h1>{html.escape(text)}</h1></body>\n</html>\n"
    )
    return Response(body.encode(), status, "text/html; charset=UTF-8")


def uri_too_long() -> Response:
    """The answer to an address that is too long, where a POST would do."""
    return web_page("414 Request-URI Too Long", "Request-URI Too Long", 414)


_XML = '<?xml version="1.0" encoding="UTF-8" ?>\n'
_DTD = "https://eutils.ncbi.nlm.nih.gov/eutils/dtd/"
_DOCTYPES = {
    "esearch": ("eSearchResult", "esearch 20060628", "20060628/esearch.dtd"),
    "epost": ("ePostResult", "epost 20090526", "20090526/epost.dtd"),
    # The root's name is misspelt at NCBI; a client that checks it must cope.
    "efetch": ("eEfetchResult", "efetch 20131226", "20131226/efetch.dtd"),
    "esummary": ("eSummaryResult", "esummary v1 20041029", "20041029/esummary-v1.dtd"),
    "einfo": ("eInfoResult", "einfo 20190110", "20190110/einfo.dtd"),
}
_ARTICLE_SET = (
    b'<?xml version="1.0" ?>\n<!DOCTYPE PubmedArticleSet PUBLIC '
    b'"-//NLM//DTD PubMedArticle, 1st January 2025//EN" '
    b'"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">\n<PubmedArticleSet>'
)
_DESCRIPTION = (
    "A local archive of PubMed records (ketum replay): "
    "it models the protocol of PubMed's E-utilities, not PubMed's retrieval"
)


@dataclass
class Page:
    """One page of an ESearch answer.

    Attributes:
        findings: what the search found and reports.
        count: all hits.
        start: the place of the first UID given.
        pmids: the UIDs given.
        messages: texts for OutputMessage.
        session: WebEnv and query key, if the search was kept.
    """

    findings: Findings
    count: int
    start: int
    pmids: Sequence[int]
    messages: list[str]
    session: tuple[str, int] | None = None


def plain(text: str, status: int = 200) -> Response:
    """A text answer."""
    return Response(text.encode(), status, "text/plain; charset=UTF-8")


def as_json(value: object) -> Response:
    """A JSON answer, as compact as NCBI's."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(f"{text}\n".encode(), content_type="application/json; charset=UTF-8")


def search_page(page: Page, *, count_only: bool, use_json: bool) -> Response:
    """The answer to an ESearch; warnings stand in it even if only the count was asked for."""
    answer = _search_json(page, count_only) if use_json else _search_xml(page, count_only)
    return replace(answer, page=page)


def search_error(text: str, *, use_json: bool) -> Response:
    """ESearch's ERROR in a 200. In JSON a line break stays raw, as at NCBI: invalid JSON."""
    if not use_json:
        return error("esearch", [text])
    answer = as_json({**header("esearch"), "esearchresult": {"ERROR": text}})
    return Response(answer.body.replace(b"\\n", b"\n"), content_type=answer.content_type)


def error(tool: str, texts: Iterable[str], status: int = 200) -> Response:
    """An error document of a tool."""
    lines = "".join(f"\t<ERROR>{escape(text)}</ERROR>\n" for text in texts)
    root = _DOCTYPES[tool][0].replace("eEfetch", "eFetch")
    return Response(f"{prolog(tool)}<{root}>\n{lines}</{root}>\n".encode(), status)


def no_ids(*, as_text: bool) -> Response:
    """EFetch's answer to a list without a valid id."""
    text = "ID list is empty! Possibly it has no correct IDs."
    return plain(text.replace(" ", "+"), 400) if as_text else error("efetch", [text], 400)


def posted(environment: str, key: int) -> Response:
    """The answer to an EPost."""
    body = (
        f"{prolog('epost').rstrip()}<ePostResult>\n\t<QueryKey>{key}</QueryKey>\n"
        f"\t<WebEnv>{environment}</WebEnv>\n</ePostResult>\n"
    )
    return Response(body.encode())


def article_set(records: Iterable[bytes]) -> Response:
    """EFetch's PubmedArticleSet around the records' own bytes; an empty one is allowed."""
    return Response(b"".join((_ARTICLE_SET, b"\n".join(records), b"</PubmedArticleSet>\n")))


def spelling(query: str) -> Response:
    """ESpell's answer of a server without a dictionary: the query as it is, nothing corrected."""
    return Response(
        '<?xml version="1.0"?>\n<!DOCTYPE eSpellResult PUBLIC '
        '"-//NLM//DTD eSpellResult, 23 November 2004//EN" '
        '"https://www.ncbi.nlm.nih.gov/entrez/query/DTD/eSpell.dtd">\n<eSpellResult>\n'
        f"\t<Database>pubmed</Database>\n\t<Query>{escape(query)}</Query>\n"
        "\t<CorrectedQuery></CorrectedQuery>\n\t<SpelledQuery></SpelledQuery>\n\t<ERROR/>\n"
        "</eSpellResult>\n".encode()
    )


def uid_list(pmids: Iterable[int], *, use_xml: bool) -> Response:
    """EFetch's rettype=uilist."""
    if not use_xml:
        return plain("".join(f"{pmid}\n" for pmid in pmids))
    ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in pmids)
    return Response(f"{_XML}<IdList>\n{ids}</IdList>\n".encode())


def database_list(*, use_json: bool) -> Response:
    """EInfo without a database."""
    if use_json:
        return as_json({**header("einfo"), "einforesult": {"dblist": ["pubmed"]}})
    body = "<DbList>\n\t<DbName>pubmed</DbName>\n</DbList>"
    return Response(f"{prolog('einfo')}<eInfoResult>\n{body}\n</eInfoResult>\n".encode())


def database_info(count: int, built: datetime, *, use_json: bool) -> Response:
    """EInfo for PubMed: what this server holds and can search."""
    about = {
        "dbname": "pubmed",
        "menuname": "PubMed",
        "description": _DESCRIPTION,
        "dbbuild": f"Build-{built:%Y.%m.%d.%H.%M}",
        "count": str(count),
        "lastupdate": f"{built:%Y/%m/%d %H:%M}",
    }
    # Fields that differ in explosion only share a code: EInfo lists each code once.
    fields = {entry.code: entry for entry in reversed(FIELDS)}
    listed = [
        {"name": entry.code, "fullname": entry.name, "isdate": "Y" if entry.is_date else "N"}
        for entry in reversed(fields.values())
    ]
    if use_json:
        info = {**about, "fieldlist": listed, "linklist": []}
        return as_json({**header("einfo"), "einforesult": {"dbinfo": [info]}})
    names = ("DbName", "MenuName", "Description", "DbBuild", "Count", "LastUpdate")
    lines = "".join(f"\t\t<{name}>{escape(about[name.lower()])}</{name}>\n" for name in names)
    rows = "".join(map(_field_xml, listed))
    return Response(
        f"{prolog('einfo')}<eInfoResult>\n\t<DbInfo>\n{lines}\t\t<FieldList>\n{rows}"
        f"\t\t</FieldList>\n\t\t<LinkList></LinkList>\n\t</DbInfo>\n</eInfoResult>\n".encode()
    )


def _field_xml(entry: dict[str, str]) -> str:
    number = "Y" if entry["name"] == "UID" else "N"
    return (
        f"\t\t\t<Field>\n\t\t\t\t<Name>{entry['name']}</Name>\n"
        f"\t\t\t\t<FullName>{escape(entry['fullname'])}</FullName>\n"
        f"\t\t\t\t<Description>{escape(entry['fullname'])}</Description>\n"
        f"\t\t\t\t<TermCount/>\n\t\t\t\t<IsDate>{entry['isdate']}</IsDate>\n"
        f"\t\t\t\t<IsNumerical>{number}</IsNumerical>\n\t\t\t\t<SingleToken>N</SingleToken>\n"
        "\t\t\t\t<Hierarchy>N</Hierarchy>\n\t\t\t\t<IsHidden>N</IsHidden>\n\t\t\t</Field>\n"
    )


def _search_xml(page: Page, count_only: bool) -> Response:
    parts = [prolog("esearch"), f"<eSearchResult><Count>{page.count}</Count>"]
    if not count_only:
        parts.append(f"<RetMax>{len(page.pmids)}</RetMax><RetStart>{page.start}</RetStart>")
        if page.session:
            environment, key = page.session
            parts.append(f"<QueryKey>{key}</QueryKey><WebEnv>{environment}</WebEnv>")
        ids = "".join(f"<Id>{pmid}</Id>\n" for pmid in page.pmids)
        parts.append(f"<IdList>\n{ids}</IdList>" if ids else "<IdList/>")
        translation = escape(page.findings.translation)
        parts.append(f"<TranslationSet/><QueryTranslation>{translation}</QueryTranslation>")
    errors = _elements("PhraseNotFound", page.findings.phrases_not_found)
    errors += _elements("FieldNotFound", page.findings.fields_not_found)
    warnings = _elements("PhraseIgnored", page.findings.phrases_ignored)
    warnings += _elements("QuotedPhraseNotFound", page.findings.quoted_not_found)
    warnings += _elements("OutputMessage", page.messages)
    if errors:
        parts.append(f"<ErrorList>{errors}</ErrorList>")
    if warnings:
        parts.append(f"<WarningList>{warnings}</WarningList>")
    return Response("".join((*parts, "</eSearchResult>\n")).encode())


def _search_json(page: Page, count_only: bool) -> Response:
    found = page.findings
    result: dict[str, object] = {"count": str(page.count)}
    if not count_only:
        result |= {"retmax": str(len(page.pmids)), "retstart": str(page.start)}
        if page.session:
            result |= {"querykey": str(page.session[1]), "webenv": page.session[0]}
        result |= {
            "idlist": [str(pmid) for pmid in page.pmids],
            "translationset": [],
            "querytranslation": found.translation,
        }
    if found.phrases_not_found or found.fields_not_found:
        result["errorlist"] = {
            "phrasesnotfound": found.phrases_not_found,
            "fieldsnotfound": found.fields_not_found,
        }
    if found.phrases_ignored or found.quoted_not_found or page.messages:
        result["warninglist"] = {
            "phrasesignored": found.phrases_ignored,
            "quotedphrasesnotfound": found.quoted_not_found,
            "outputmessages": page.messages,
        }
    return as_json({**header("esearch"), "esearchresult": result})


def _elements(name: str, texts: Iterable[str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for text in texts)


def header(tool: str) -> dict[str, object]:
    """What every answer in JSON begins with."""
    return {"header": {"type": tool, "version": "0.3"}}


def prolog(tool: str) -> str:
    """The XML declaration and DOCTYPE of a tool's answers."""
    root, public, file = _DOCTYPES[tool]
    return f'{_XML}<!DOCTYPE {root} PUBLIC "-//NLM//DTD {public}//EN" "{_DTD}{file}">\n'
