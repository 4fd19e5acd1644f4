"""What stands before the records of a document and says how to read them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_END = b"</PubmedArticleSet>\n"
_DECLARATION = re.compile(rb"<\?xml\s")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([-\w.]+)["']""")
_OF_16_BITS = re.compile(r"(?:cs)?(?:utf-?16|utf-?32|ucs-?[24]|iso-10646|unicode)")
"""Such a declaration is of the file before `open_bytes` made UTF-8 of it, or it is not true."""
_NAMESPACES = re.compile(rb"""\sxmlns:[\w.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')""")
_OWN_ENTITY = re.compile(rb"<!ENTITY\s+([A-Za-z][A-Za-z0-9]*)\s")


class Head(NamedTuple):
    """Encoding, namespaces and entities of a document.

    Attributes:
        encoding: as declared, in small letters.
        has_mark: it begins with the byte order mark of UTF-8, whatever it declares.
        namespaces: the declarations of prefixes at the root, each with a blank before it.
        entities: names the document declares itself; no entity of a file is ever expanded.
    """

    encoding: str = "utf-8"
    has_mark: bool = False
    namespaces: tuple[bytes, ...] = ()
    entities: frozenset[bytes] = frozenset()

    def declared(self, declaration: bytes) -> Head:
        """The head that the XML declaration of a document begins."""
        found = _ENCODING.search(declaration)
        said = found[1].decode().lower() if found else "utf-8"
        is_utf_8 = self.has_mark or _OF_16_BITS.match(said)
        return Head("utf-8" if is_utf_8 else said, self.has_mark)

    def typed(self, doctype: bytes) -> Head:
        """This head with the names that a DOCTYPE declares."""
        return self._replace(entities=frozenset(_OWN_ENTITY.findall(doctype)))

    def rooted(self, root: bytes) -> Head:
        """This head with the namespaces of a root's start tag."""
        return self._replace(namespaces=tuple(_NAMESPACES.findall(root)))

    def before(self) -> bytes:
        """The beginning of a PubmedArticleSet in which the records mean the same."""
        own = b"".join(b'<!ENTITY %s "">' % name for name in sorted(self.entities))
        said = b'<?xml version="1.0" encoding="%s"?>\n' % self.encoding.encode()
        doctype = b"<!DOCTYPE PubmedArticleSet [%s]>\n" % own if own else b""
        root = b"<PubmedArticleSet%s>\n" % b"".join(self.namespaces)
        return (said if self.encoding != "utf-8" else b"") + doctype + root


def sets_of(pieces: Iterable[tuple[Head, bytes, bool]]) -> Iterator[bytes]:
    """Documents in which pieces of others mean what they meant there.

    Args:
        pieces: the head a piece had, its bytes, and whether it was read. One that was not has a
            document of its own, since it might join with what comes next and become readable.

    Yields:
        The parts of the documents in order; at least one empty set.
    """
    shared: Head | None = None
    is_empty = True
    for head, raw, was_read in pieces:
        if shared is not None and (head != shared or not was_read):
            yield _END
            shared = None
        if shared is None:
            yield head.before()
        yield raw + b"\n"
        shared, is_empty = head, False
        if not was_read:
            yield _END
            shared = None
    if is_empty:
        yield Head().before()
    if is_empty or shared is not None:
        yield _END


def is_declaration(instruction: bytes) -> bool:
    """Whether a processing instruction is the XML declaration."""
    return _DECLARATION.match(instruction) is not None
