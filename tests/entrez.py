"""Bio.Entrez, led to a server of ours."""

from __future__ import annotations

import time
from types import SimpleNamespace
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
    # It spaces requests for NCBI's sake.
    monkeypatch.setattr(Entrez, "time", SimpleNamespace(time=time.time, sleep=lambda _: None))
    monkeypatch.setattr(Entrez, "email", "someone@example.org")
    monkeypatch.setattr(Entrez, "api_key", None)
