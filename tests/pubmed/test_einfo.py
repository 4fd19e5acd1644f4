"""`ketum doctor --live`: one request, what it tells, and what it never shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline import cli
from pipeline.errors import KetumError
from pipeline.pubmed import about_pubmed
from pipeline.pubmed.client import TransientAnswer
from pipeline.replay import Archive as ReplayArchive
from pipeline.replay import ReplayServer, Request, Response
from pipeline.replay.answers import Fault
from pipeline.settings import Settings
from tests.corpus import article, write

KEY = "canary0000000000000000000000000key"
INFO = (
    b"<eInfoResult><DbInfo><DbName>pubmed</DbName><DbBuild>Build-2025.11.27.06.33</DbBuild>"
    b"<Count>39730388</Count><LastUpdate>2025/11/27 06:33</LastUpdate></DbInfo></eInfoResult>"
)
UNREACHABLE = "http://127.0.0.1:9/"


def says(response: Response) -> Fault:
    return lambda _exchange: response


def limits(limit: int, remaining: int) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(limit), "X-RateLimit-Remaining": str(remaining)}


def run_doctor(settings: Settings, *options: str) -> tuple[int, str]:
    """The command with these settings; gives its exit code and what it would say on stderr."""
    arguments = cli.build_parser().parse_args(["doctor", *options])
    try:
        return arguments.work(settings, arguments), ""
    except KetumError as error:
        return error.exit_code, str(error)


Doctor = Callable[..., tuple[int, str, list[Request]]]


@pytest.fixture
def doctor(settings: Settings, tmp_path: Path) -> Doctor:
    """`ketum doctor --live` against a replay server; gives its requests too."""

    def work(
        *options: str, fault: Fault | None = None, key: str | None = None
    ) -> tuple[int, str, list[Request]]:
        write(tmp_path / "corpus" / "all.xml", article(1, "Kratom"), article(2, "Kratom"))
        with ReplayServer(ReplayArchive.read(tmp_path / "corpus"), fault=fault) as server:
            here = replace(settings, eutils_url=server.url, api_key=key)
            return *run_doctor(here, "--live", *options), server.requests

    return work


def values(text: str) -> dict[str, tuple[str, bool]]:
    return {found["name"]: (found["value"], found["ok"]) for found in json.loads(text)}


@pytest.mark.whole
def test_one_einfo_request_tells_what_pubmed_is(doctor, capsys):
    answer = Response(INFO, headers=limits(3, 2))
    code, _, requests = doctor("--json", fault=says(answer))
    assert code == 0
    ((tool, parameters),) = [(request.tool, request.parameters) for request in requests]
    assert tool == "einfo"
    assert parameters == {"db": "pubmed", "version": "2.0", "tool": "ketum"}
    found = values(capsys.readouterr().out)
    assert found["PubMed"][0].startswith("reachable, answered in ")
    assert found["API key at NCBI"] == ("none sent", True)
    assert found["rate limit"] == ("3 requests a second", True)
    assert found["rate remaining"] == ("2 requests in this second", True)
    assert found["PubMed build"] == ("Build-2025.11.27.06.33", True)
    assert found["PubMed records"] == ("39730388", True)
    assert found["PubMed updated"] == ("2025/11/27 06:33", True)


def test_the_real_answer_of_2025_is_read(shared):
    body = (shared / "eutils" / "captured" / "einfo2.xml").read_bytes()
    assert about_pubmed.read_info(body) == ("Build-2025.11.27.06.33", 39730388, "2025/11/27 06:33")


@pytest.mark.whole
@pytest.mark.parametrize(
    ("headers", "told", "code"),
    [
        (limits(10, 9), ("accepted", True), 0),
        ({}, ("not refused; the answer names no limit", True), 0),
        (
            limits(3, 2),
            ("not refused, but the limit is that of requests without a key", False),
            1,
        ),
    ],
)
def test_the_limit_tells_whether_the_key_counts(headers, told, code, doctor, capsys):
    answer = Response(INFO, headers=headers)
    assert doctor("--json", fault=says(answer), key=KEY)[0] == code
    out = capsys.readouterr().out
    assert values(out)["API key at NCBI"] == told
    assert KEY not in out


@pytest.mark.whole
def test_a_server_that_names_no_limits_is_fine(doctor, capsys):
    """The replay server itself: its EInfo is read as NCBI's is."""
    code, error, _ = doctor()
    out = capsys.readouterr().out
    assert (code, error) == (0, "")
    assert "PubMed           reachable" in out
    assert "rate limit       not given" in out
    assert "PubMed records   2\n" in out


@pytest.mark.whole
def test_an_invalid_key_is_2_and_never_shown(doctor, capsys):
    refusal = json.dumps({"error": "API key invalid", "api-key": KEY, "type": "invalid"}).encode()
    code, error, requests = doctor(fault=says(Response(refusal, 400)), key=KEY)
    assert code == 2 and len(requests) == 1
    told = capsys.readouterr()
    assert "! PubMed           NCBI says that the API key is invalid." in told.out
    assert "NCBI_API_KEY" in error
    assert KEY not in told.out + told.err + error


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_unreachable_pubmed_is_3_and_the_rest_is_still_told(
    options, settings, monkeypatch, capsys
):
    monkeypatch.setattr("pipeline.clock.Clock.sleep", lambda _clock, _seconds: None)
    here = replace(settings, eutils_url=UNREACHABLE, api_key=KEY)
    code, error = run_doctor(here, "--live", *options)
    assert code == 3
    told = capsys.readouterr()
    if options:
        value, ok = values(told.out)["PubMed"]
        assert "refused" in value and not ok
    assert "duckdb" in told.out, "what needs no network is told all the same"
    assert "refused" in error and "Nothing changed" in error and "ketum doctor --live" in error
    assert KEY not in told.out + told.err + error


@pytest.mark.whole
def test_a_block_page_is_3(doctor):
    page = Response(b"<html><title>NCBI - WWW Error Blocked Diagnostic</title></html>")
    code, error, requests = doctor(fault=says(page))
    assert code == 3 and len(requests) == 1
    assert "eutilities@ncbi.nlm.nih.gov" in error


def test_doctor_alone_asks_nobody(settings, monkeypatch, capsys):
    def no_network(*_args: object, **_rest: object) -> None:
        raise AssertionError("doctor asked the network")

    monkeypatch.setattr("requests.Session.send", no_network)
    assert run_doctor(settings) == (0, "")
    assert "PubMed build" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "body",
    [
        b"<eInfoResult><DbInfo><DbName>gene</DbName><Count>1</Count></DbInfo></eInfoResult>",
        b"<eInfoResult><DbInfo><DbName>pubmed</DbName></DbInfo></eInfoResult>",
        b"<eInfoResult><ERROR>Can not retrieve DbInfo for db=pubmed</ERROR></eInfoResult>",
        INFO[:-20],
    ],
)
def test_other_answers_are_not_believed(body):
    with pytest.raises(TransientAnswer):
        about_pubmed.read_info(body)
