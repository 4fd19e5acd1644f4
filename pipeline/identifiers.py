"""Identifiers as people and publishers write them, in the one form that is compared and linked."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

# Hyphens, dashes and the minus sign: word processors put them in the place of "-".
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—―−﹘﹣－"), "-")
_RESOLVER = re.compile(
    # The resolver by any of its names, also behind a library's proxy (doi-org.proxy.example.edu).
    r"(?:https?:\s*//)?(?:[\w-]+\.)*doi[.-]org[\w.:-]*/\s*",
    re.IGNORECASE,
)
_LABEL = re.compile(r"(?:(?:info|urn)\s*:\s*)?doi(?=\W|10\.)\s*[:/=]?\s*", re.IGNORECASE)
_NAME = re.compile(r"(10\.\d{4,9}(?:\.\d+)*)\s*/\s*(\S+)", re.ASCII)
_ORCID = re.compile(
    r"(?<!\d)(\d{4})[-\s]*(\d{4})[-\s]*(\d{4})[-\s]*(\d{3}[\dXx])(?![\dA-Za-z])", re.ASCII
)
_PMC = re.compile(r"(?<![^\W_])PMC[\s:-]*(\d+)(?![^\W_])|^\s*(\d+)\s*$", re.ASCII | re.IGNORECASE)
_OPENED_BY = {")": "(", "]": "[", ">": "<", "}": "{"}


def normal_doi(text: str | None) -> str | None:
    """The bare DOI in a text that holds one: no address, label, blanks or brackets around it.

    Letters keep their case, for display; two DOIs are the same when they are equal without
    case (`same_doi`, in SQL `lower(...)`). An address may be percent-encoded and have a query
    behind it, a bare DOI may not: there "%20" and "#" belong to the name.

    Args:
        text: "10.1000/x", "doi: 10.1000/X.", "https://dx.doi.org/10.1000%2Fx", ...

    Returns:
        The DOI, or None if the text does not begin with one.
    """
    if not text:
        return None
    plain = _plain(text).strip().lstrip("\"'“”‘’«<([{ ")
    is_address, start = False, 0
    while front := (resolver := _RESOLVER.match(plain, start)) or _LABEL.match(plain, start):
        is_address = is_address or resolver is not None
        start = front.end()
    plain = plain[start:]
    if is_address:
        plain = unquote(re.split(r"[?#]", plain, maxsplit=1)[0])
    name = _NAME.match(plain)
    if name is None:
        return None
    suffix = _without_closing(name[2])
    return f"{name[1]}/{suffix}" if suffix else None


def same_doi(text: str | None) -> str | None:
    """What is equal for two spellings of one DOI: `normal_doi` without case (ISO 26324)."""
    doi = normal_doi(text)
    return doi.lower() if doi else None


def _without_closing(name: str) -> str:
    """A name without what closes the sentence or bracket it stood in."""
    surplus = {last: name.count(last) - name.count(first) for last, first in _OPENED_BY.items()}
    end = len(name)
    while end:
        last = name[end - 1]
        if last in surplus:
            if surplus[last] <= 0:
                break
            surplus[last] -= 1
        elif last not in ".,;:\"'“”‘’»":
            break
        end -= 1
    return name[:end]


def doi_url(text: str | None) -> str | None:
    """The address of a DOI, whatever form it came in; None if there is no DOI in the text.

    All signs with a meaning in an address are escaped; a semicolon too, as old DOIs have it and
    readers of RIS cut there.
    """
    doi = normal_doi(text)
    return f"https://doi.org/{quote(doi, safe='/:().')}" if doi else None


def normal_orcid(text: str | None) -> str | None:
    """An ORCID in its usual form, from any form that publishers send.

    >>> normal_orcid("https://orcid.org/0000000151234567")
    '0000-0001-5123-4567'
    """
    # as it stands first: a bulk load reads millions
    found = _ORCID.search(text or "") or _ORCID.search(_plain(text))
    return "-".join(found.groups()).upper() if found else None


def normal_pmc(text: str | None) -> str | None:
    """A PubMed Central identifier as PMC and digits, without version, label or address.

    >>> normal_pmc("https://pmc.ncbi.nlm.nih.gov/articles/pmc7000101/")
    'PMC7000101'
    """
    found = _PMC.search(_plain(text))
    return f"PMC{found[1] or found[2]}" if found else None


def _plain(text: str | None) -> str:
    """A text with one kind of dash, without characters that nobody sees."""
    plain = unicodedata.normalize("NFKC", text or "").translate(_DASHES)
    return "".join(char for char in plain if unicodedata.category(char) != "Cf")
