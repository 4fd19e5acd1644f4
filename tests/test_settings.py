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
