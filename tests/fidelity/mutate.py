"""Spoilt PubMed files, seeded: each is a file of good records of which one place was changed.

A `Spoilt` knows which records were left alone, so that `invariants` can say what must still hold.
Faults of bytes, of tags, of entities, of nesting, of encodings; in .nbib also of lines.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from tests import corpus

from .oracle import record_spans

XML, NBIB = "xml", "nbib"
HEAD = b'<?xml version="1.0" encoding="utf-8"?>\n<PubmedArticleSet>\n'
DELETED = b'<DeleteCitation><PMID Version="1">77</PMID></DeleteCitation>\n'
TAIL = b"</PubmedArticleSet>\n"


@dataclass(frozen=True)
class Spoilt:
    """A mutated file.

    Attributes:
        data: its bytes.
        records: the good records it was made of.
        offsets: where each record stands now; None for the one that was changed.
        encoding: of `data`.
        what: how it was changed, for messages.
    """

    data: bytes
    records: tuple[bytes, ...]
    offsets: tuple[int | None, ...]
    encoding: str
    what: str


# --- good records -----------------------------------------------------------------------------


@cache
def rich_records() -> tuple[bytes, ...]:
    """Records with something in every table."""
    from .test_oracle import FIXTURE

    content = FIXTURE.encode()
    return tuple(content[begin:end] for begin, end in record_spans(content))


@cache
def small_records() -> tuple[bytes, ...]:
    """Records of the usual kind, with what can go wrong in them."""
    title = "Kratom &amp; <i>μ</i>-opioid &lt;receptors&gt; &#945; n = 7"
    return tuple(
        corpus.article(
            number,
            title,
            abstract=f"Pain of {number} mice! <![CDATA[a < b]]><!-- quiet -->",
            doi=f"10.1/{number}",
            year=year,
            mesh=(("D1", "Mitragyna"),),
            links=(("CommentOn", "J Other. 2020", 5),),
        ).encode()
        for number, year in ((101, 2024), (102, "2023 Nov-Dec"), (103, None))
    )


@cache
def exported_records() -> tuple[bytes, ...]:
    """Records of a MEDLINE export."""
    return tuple(
        f"PMID- {number}\nOWN - NLM\nDP  - 2024 Mar\nTI  - Kratom leaves and\n      pain.\n"
        f"AB  - Of mice.\nFAU - Tan, Ana\nAU  - Tan A\nAD  - Here.\nLA  - eng\n"
        f"PT  - Journal Article\nMH  - *Pain/drug therapy\nPHST- 2024/03/01 00:00 [received]\n"
        f"AID - 10.1/{number} [doi]\nSO  - J Tests. 2024.\n".encode()
        for number in (501, 502, 503)
    )


# --- what is done to them ---------------------------------------------------------------------

INSERTED: tuple[bytes, ...] = (
    b"<", b">", b"&", b"</", b"/>", b"]]>", b"<![CDATA[", b"<!--", b"-->", b"<?", b"?>", b"\x00",
    b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"\xef\xbf\xbe", b"\x0b", b"\x85", b"\r", b'"', b"'",
    b"&beta;", b"&nbsp;", b"&unknown;", b"&#0;", b"&#x1F;", b"&#55296;", b"&#x1FFFFFFF;", b"&amp",
    b"&lt;i&gt;9&lt;/i&gt;", b"<PMID>9</PMID>", b"<PMID Version='x'>9</PMID>", b"<b>", b"</b>",
    b"<PubmedArticle>", b"</PubmedArticle>", b"</PubmedArticle >", b"<PubmedArticle/>",
    b"<PubmedBookArticle>", b"</PubmedArticleSet>", b"<PubmedArticleSet>", b"<BookDocument>",
    b"<DeleteCitation>", b"<DeleteCitation><PMID>8</PMID></DeleteCitation>", b"<MedlineCitation>",
    b"<!-- <PubmedArticle> -->", b"<!-- </PubmedArticle> -->", b"<![CDATA[</PubmedArticle>]]>",
    b"<mml:math>x</mml:math>", b' xmlns:mml="u"', b' xmlns="u"', b"<a:b/>",
    b"<a>" * 300, b"</PubmedArticle>" * 40, b"<PubmedArticle>" * 40, b"9" * 5000, b"\n", b"\n\n",
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>', b"<!ENTITY", b"\xe2\x80\xa8",
    b'<?xml version="1.0" encoding="iso-8859-1"?>', b"<Year>99999</Year>", b"<Month>Foo</Month>",
    b"<Year>2019</Year>", b"<ERROR>no</ERROR>", b"      continued\n", b"PMID- 9\n", b"TI  - x\n",
)  # fmt: skip
_TAG = re.compile(rb"</?[A-Za-z]+[^<>]*>|^[A-Z]{2,4} *- ", re.M)
_WORD = re.compile(rb"[A-Za-z]{3,}|\d+")

Operation = Callable[[bytes, random.Random], bytes]


def _flip(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw))
    return raw[:at] + bytes([rng.randrange(256)]) + raw[at + 1 :]


def _span(raw: bytes, rng: random.Random) -> tuple[int, int]:
    at = rng.randrange(len(raw))
    return at, min(len(raw), at + rng.choice((1, 1, 2, 5, 40, 400)))


def _cut(raw: bytes, rng: random.Random) -> bytes:
    begin, end = _span(raw, rng)
    return raw[:begin] + raw[end:]


def _double(raw: bytes, rng: random.Random) -> bytes:
    begin, end = _span(raw, rng)
    return raw[:end] + raw[begin:]


def _move(raw: bytes, rng: random.Random) -> bytes:
    begin, end = _span(raw, rng)
    rest = raw[:begin] + raw[end:]
    to = rng.randrange(len(rest) + 1)
    return rest[:to] + raw[begin:end] + rest[to:]


def _insert(raw: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(raw) + 1)
    return raw[:at] + rng.choice(INSERTED) + raw[at:]


def _swap_tags(raw: bytes, rng: random.Random) -> bytes:
    """Two tags change places; whole elements may double or end early by it."""
    tags = list(_TAG.finditer(raw))
    if len(tags) < 2:
        return _cut(raw, rng)
    one, other = sorted(rng.sample(tags, 2), key=lambda found: found.start())
    between = raw[one.end() : other.start()]
    return raw[: one.start()] + other[0] + between + one[0] + raw[other.end() :]


def _drop_tag(raw: bytes, rng: random.Random) -> bytes:
    tags = list(_TAG.finditer(raw))
    if not tags:
        return _cut(raw, rng)
    gone = rng.choice(tags)
    return raw[: gone.start()] + raw[gone.end() :]


def _after_tag(raw: bytes, rng: random.Random) -> bytes:
    """Something stands right behind a tag, where an element may be."""
    tags = list(_TAG.finditer(raw))
    at = rng.choice(tags).end() if tags else 0
    return raw[:at] + rng.choice(INSERTED) + raw[at:]


def _rename(raw: bytes, rng: random.Random) -> bytes:
    """A name or number becomes another one of the record, everywhere or once."""
    words = sorted(set(_WORD.findall(raw))) or [b"\n"]
    return raw.replace(rng.choice(words), rng.choice(words), rng.choice((1, 2, -1)))


def _double_element(raw: bytes, rng: random.Random) -> bytes:
    """An element stands twice: the DTD allows it here and there."""
    found = re.search(rb"<([A-Za-z]+)[^<>]*>(?:[^<]*)</\1>", raw[rng.randrange(len(raw)) :])
    return raw.replace(found[0], found[0] * 2, 1) if found else _double(raw, rng)


OPERATIONS: tuple[Operation, ...] = (
    _flip, _flip, _cut, _double, _move, _insert, _insert, _swap_tags, _drop_tag, _after_tag,
    _after_tag, _rename, _double_element,
)  # fmt: skip


def spoil(rng: random.Random, kind: str = XML, pmid: int | None = None) -> Spoilt:
    """A file with one record, or the place between two, changed in one to three ways.

    Args:
        rng: makes the same file again with the same state.
        kind: XML or NBIB.
        pmid: number the records from here on; as they are if None.
    """
    if kind == NBIB:
        pool, head, tail, between = exported_records(), b"\n", b"", b"\n"
    else:
        pool = rich_records() if rng.random() < 0.04 else small_records()
        head, tail, between = HEAD, rng.choice((b"", DELETED)) + TAIL, b"\n"
    records = [rng.choice(pool) for _ in range(rng.choice((1, 2, 3)))]
    if pmid is not None:
        records = [_numbered(raw, pmid + place) for place, raw in enumerate(records)]
    target = rng.randrange(len(records))
    pieces: list[bytes] = [head]
    places = []
    for raw in records:
        places.append(len(pieces))
        pieces += [raw, between]
    pieces.append(tail)
    is_seam = rng.random() < 0.12
    changed = rng.randrange(0, len(pieces)) if is_seam else places[target]
    told = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        operation = rng.choice(OPERATIONS)
        told.append(operation.__name__)
        pieces[changed] = operation(pieces[changed] or b"\n", rng)
    offsets: list[int | None] = []
    for place in places:
        begin = sum(map(len, pieces[:place]))
        is_changed = place == changed
        if kind == NBIB:  # a record of an export ends where a line begins the next one
            is_glued = place == changed + 1 and not pieces[changed].endswith(b"\n")
            is_changed = is_changed or place < changed <= place + 2 or is_glued
        offsets.append(None if is_changed else begin)
    data, encoding = _encoded(b"".join(pieces), rng, kind)
    what = f"{', '.join(told)} in piece {changed} of {len(pieces)}, {encoding}"
    return Spoilt(data, tuple(records), tuple(offsets), encoding, what)


def _numbered(raw: bytes, pmid: int) -> bytes:
    old = re.search(rb"(?<=>)\d+(?=</PMID>)|(?<=PMID- )\d+", raw)
    assert old
    return re.sub(rb"\b" + old[0] + rb"\b", b"%d" % pmid, raw)


def _encoded(data: bytes, rng: random.Random, kind: str) -> tuple[bytes, str]:
    """Now and then in another encoding, said rightly; in one that is said wrongly, it is a lie."""
    if kind == XML and rng.random() < 0.04:
        try:
            text = data.decode()
        except UnicodeDecodeError:
            return data, "utf-8"
        return b"\xff\xfe" + text.encode("utf-16-le"), "utf-16"
    if kind == XML and rng.random() < 0.02:
        lie = rng.choice((b"iso-8859-1", b"windows-1252", b"us-ascii", b"utf-16", b"koi8-r"))
        return data.replace(
            b'encoding="utf-8"', b'encoding="%s"' % lie, 1
        ), "utf-8 said to be other"
    return data, "utf-8"
