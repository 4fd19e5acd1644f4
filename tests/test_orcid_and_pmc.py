"""ORCIDs, PubMed Central identifiers and addresses of DOIs, however they are written."""

from __future__ import annotations

import pytest

from pipeline.identifiers import doi_url, normal_orcid, normal_pmc


@pytest.mark.parametrize(
    "written",
    [
        "0000-0002-1825-009X",
        "000000021825009x",
        "https://orcid.org/0000-0002-1825-009X",
        "http://orcid.org/000000021825009X/",
        "0000\u20100002\u20111825\u2212009X",
        "0000 \u2013 0002 \u2013 1825 \u2013 009X",
        "\u00a00000\u00a00002\u00a01825\u00a0009X",
        "ORCID: 0000-0002-1825-\u200b009X",
        "\uff10000-0002-1825-009X",
    ],
)
def test_an_orcid_in_any_form(written):
    assert normal_orcid(written) == "0000-0002-1825-009X"


@pytest.mark.parametrize("written", [None, "", "none", "0000-0002-1825", "10000-0002-1825-0097"])
def test_no_orcid(written):
    assert normal_orcid(written) is None


@pytest.mark.parametrize(
    "written",
    [
        "PMC7000101", "pmc7000101", "PMC 7000101", "PMC\u20117000101", "PMCID: PMC7000101",
        "7000101", " 7000101 ", "PMC7000101.2", "https://pmc.ncbi.nlm.nih.gov/articles/PMC7000101/",
        "https://www.ncbi.nlm.nih.gov/pmc/articles/PMC7000101/pdf/leaf.pdf",
    ],
)  # fmt: skip
def test_a_pmc_identifier_in_any_form(written):
    assert normal_pmc(written) == "PMC7000101"


@pytest.mark.parametrize("written", [None, "", "PMC", "NIHMS7000101", "PMCX12"])
def test_no_pmc_identifier(written):
    assert normal_pmc(written) is None


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("10.9999/leaf.1", "https://doi.org/10.9999/leaf.1"),
        ("https://doi.org/10.9999/leaf.1", "https://doi.org/10.9999/leaf.1"),
        ("doi: 10.9999/leaf.1", "https://doi.org/10.9999/leaf.1"),
        ("10.9999/a%20b_c#d", "https://doi.org/10.9999/a%2520b_c%23d"),
        ("10.9999/a<b>c;d?e", "https://doi.org/10.9999/a%3Cb%3Ec%3Bd%3Fe"),
        ("10.9999/blatt\u00e4", "https://doi.org/10.9999/blatt%C3%A4"),
        ("none", None),
        (None, None),
    ],
)
def test_the_address_of_a_doi(written, address):
    assert doi_url(written) == address
