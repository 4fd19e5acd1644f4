"""One form of an identifier, however people and publishers write it."""

import pytest

from pipeline.identifiers import normal_doi, same_doi


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("10.9999/Leaf.1", "10.9999/Leaf.1"),
        ("  10.9999/leaf.1\u00a0", "10.9999/leaf.1"),
        ("doi:10.9999/leaf.1", "10.9999/leaf.1"),
        ("DOI: 10.9999/leaf.1.", "10.9999/leaf.1"),
        ("doi 10.9999/leaf.1", "10.9999/leaf.1"),
        ("doi10.9999/leaf.1", "10.9999/leaf.1"),
        ("info:doi/10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://doi.org/10.9999/leaf.1", "10.9999/leaf.1"),
        ("HTTP://DX.DOI.ORG/10.9999/leaf.1", "10.9999/leaf.1"),
        ("doi.org/10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://www.doi.org/10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://doi-org.proxy.example.edu/10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://doi.org/https://doi.org/10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://doi.org/doi:10.9999/leaf.1", "10.9999/leaf.1"),
        ("https://doi.org/10.9999%2Fleaf%231?from=mail#top", "10.9999/leaf#1"),
        # without an address in front "%" and "#" belong to the name
        ("10.9999/a%20b#c", "10.9999/a%20b#c"),
        ("10.9999/leaf\u20131\u2212x\u2011y", "10.9999/leaf-1-x-y"),
        ("\ufeff10.9999/le\u00adaf\u200b.1", "10.9999/leaf.1"),
        ("(doi: 10.9999/leaf(2)1)", "10.9999/leaf(2)1"),
        ("<10.9999/(SICI)1<1::AID-X>3.0.CO;2-2>", "10.9999/(SICI)1<1::AID-X>3.0.CO;2-2"),
        ("10.9999/tree(1)", "10.9999/tree(1)"),
        ("10.9999/leaf.1, EDN: ABCDEF", "10.9999/leaf.1"),
        ("10.9999 / leaf.1", "10.9999/leaf.1"),
        ("10.9999.12/leaf", "10.9999.12/leaf"),
    ],
)
def test_a_doi_is_the_same_however_it_is_written(written: str, normal: str) -> None:
    assert normal_doi(written) == normal
    assert same_doi(written.upper()) == normal.lower()


@pytest.mark.parametrize(
    "written",
    [None, "", " ", "NA", "-", "10.9999", "10.9999/", "10.9999/.", "10.1/x", "leaf", "doi:"],
)
def test_what_holds_no_doi_gives_none(written: str | None) -> None:
    assert normal_doi(written) is None
    assert same_doi(written) is None


def test_a_long_text_takes_no_time() -> None:
    assert normal_doi("doi:" * 50_000 + "10.9999/x" + ")" * 50_000) == "10.9999/x"
