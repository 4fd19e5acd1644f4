"""Bio.Entrez, led to a server of ours."""

from __future__ import annotations

from typing import Any
from urllib.request import Request, urlopen

import pytest
from Bio import Entrez

_NCBI = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils/"


def lead(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Send every request of Bio.Entrez to a base of tools in place of NCBI's."""

    def led(request: Request) -> Any:
        request.full_url = request.full_url.replace(_NCBI, url)
        return urlopen(request, timeout=10)

    monkeypatch.setattr(Entrez, "urlopen", led)
    monkeypatch.setattr(Entrez, "email", "someone@example.org")
    monkeypatch.setattr(Entrez, "api_key", None)
