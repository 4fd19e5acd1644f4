"""Web pages, as NCBI answers with where a program expects a document; only titles are NCBI's."""

from __future__ import annotations

from html import escape

from pipeline.replay.response import Response


def web_page(title: str, text: str, status: int = 200) -> Response:
    """A page of HTML."""
    body = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">\n<html>\n'
        f"<head><title>{escape(title)}</title></head>\n"
        f"<body><h1>{escape(text)}</h1></body>\n</html>\n"
    )
    return Response(body.encode(), status, "text/html; charset=UTF-8")


def uri_too_long() -> Response:
    """The answer to an address that is too long, where a POST would do."""
    return web_page("414 Request-URI Too Long", "Request-URI Too Long", 414)
