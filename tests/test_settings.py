"""Where E-utilities are: NCBI's, or for a rehearsal on this machine; the key goes to NCBI alone."""

from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError
from pipeline.settings import EUTILS_URL, Settings


@pytest.fixture(autouse=True)
def key(monkeypatch, tmp_path):
    monkeypatch.setenv("NCBI_API_KEY", "canary")
    monkeypatch.setenv("KETUM_DATA", str(tmp_path))


def test_without_a_word_it_is_ncbi_s(monkeypatch):
    for value in (None, "", EUTILS_URL):
        monkeypatch.delenv("KETUM_EUTILS_URL", raising=False)
        if value is not None:
            monkeypatch.setenv("KETUM_EUTILS_URL", value)
        found = Settings.from_environment()
        assert (found.eutils_url, found.api_key) == (EUTILS_URL, "canary")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_rehearsal_is_on_this_machine_and_gets_no_key(host, monkeypatch):
    monkeypatch.setenv("KETUM_EUTILS_URL", f"http://{host}:8765/")
    found = Settings.from_environment()
    assert found.eutils_url == f"http://{host}:8765/"
    assert found.api_key is None


@pytest.mark.parametrize(
    "url",
    [
        "http://eutils.ncbi.nlm.nih.gov/entrez/eutils/",
        "https://eutils.example.org/",
        "http://127.0.0.1.example.org/",
        "http://localhost@example.org/",
        "http://127.0.0.1:8765",
        "file:///127.0.0.1/",
        "http://[::1/",
        "nonsense",
    ],
)
def test_any_other_address_is_refused(url, monkeypatch):
    monkeypatch.setenv("KETUM_EUTILS_URL", url)
    with pytest.raises(ConfigurationError, match="neither NCBI's") as caught:
        Settings.from_environment()
    assert caught.value.exit_code == 2


def test_a_site_is_an_address_of_the_web_with_a_slash_at_its_end(monkeypatch):
    assert Settings.from_environment().site is None
    for address in ("https://example.org/ketum", "https://example.org/ketum/"):
        monkeypatch.setenv("KETUM_SITE", address)
        assert Settings.from_environment().site == "https://example.org/ketum/"


@pytest.mark.parametrize(
    "address",
    ["example.org", "file:///srv", "https://", "https://[", "https://x.org/?a", "http://a b"],
)
def test_what_is_no_address_of_the_web_is_no_site(address, monkeypatch):
    monkeypatch.setenv("KETUM_SITE", address)
    with pytest.raises(ConfigurationError, match="KETUM_SITE"):
        Settings.from_environment()
