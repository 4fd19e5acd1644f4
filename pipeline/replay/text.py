"""Fold text to comparable words, once, for records and queries alike."""

from __future__ import annotations

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+")
_MARKS = re.compile("[\u0300-\u036f]")
# Invisible inside a word (soft hyphen, joiners, byte order mark): they never end one.
_INVISIBLE = re.compile("[\u00ad\u200c\u200d\u2060\ufeff]")
_ASCII = {code: chr(code).lower() if chr(code).isalnum() else " " for code in range(128)}


def fold(text: str) -> str:
    """The words of a text in lower case, one space between them.

    Everything that is neither letter nor digit parts words: all hyphens, dashes, slashes and
    spaces. Accents go, compatibility forms become plain, so that the micro sign equals the
    Greek mu. `fold("7-OH Mitragynine")` is `"7 oh mitragynine"`.
    """
    if text.isascii():
        return " ".join(text.translate(_ASCII).split())
    plain = unicodedata.normalize("NFKD", _INVISIBLE.sub("", text))
    return " ".join(_WORD.findall(_MARKS.sub("", plain).lower()))


_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(text: str) -> str:
    """The text with a space for every character that XML cannot carry."""
    return _NOT_XML.sub(" ", text)


_STOPWORDS = """
a about again all almost also although always among an and another any are as at be because been
before being between both but by can could did do does done due during each either enough
especially etc for found from further had has have having here how however i if in into is it
its itself just kg km made mainly make may mg might ml mm most mostly must nearly neither no nor
obtained of often on our overall perhaps pmid quite rather really regarding seem seen several
should show showed shown shows significantly since so some such than that the their theirs them
then there therefore these they this those through thus to upon various very was we were what
when which while with within without would
"""
STOPWORDS = frozenset(_STOPWORDS.split())
"""Words PubMed leaves out of an untagged search (User Guide, "Stopwords")."""
