"""The page as a reader meets it, in Chromium."""

from __future__ import annotations

import pytest

from tests.outputs.page.browser import Browser, titles
from tests.outputs.page.conftest import LONG, QUOTES, SCRIPT, TURNED, Published

pytestmark = pytest.mark.whole

KRATOM = 54
RETRACTED = 4
RECORDS = KRATOM - RETRACTED - 1
"""Of the search kratom, all members, and those counted as records: one is a preprint."""


def set_state(browser: Browser, fragment: str) -> None:
    browser.run("location.hash = arguments[0]", fragment)
    browser.wait(f"return location.hash === '{fragment}'")
    browser.run("return new Promise((done) => requestAnimationFrame(done))")


def test_it_is_drawn_without_an_error_or_a_request(opened: Browser, set_of_files: Published):
    assert opened.logged() == []
    assert opened.asked_for() == [set_of_files.page.resolve().as_uri()]
    assert opened.run("return document.querySelectorAll('#bars .mark-rect path').length") > 4
    assert len(titles(opened)) == 25


@pytest.mark.parametrize(
    "any_set",
    ["set_of_files", pytest.param("complete_set", marks=pytest.mark.slow)],
    indirect=True,
)
def test_every_number_opens_a_list_of_that_length(browser: Browser, any_set: Published):
    """As the program counts them, for each link of the page."""
    browser.open(any_set.page)
    wrong = browser.driver.execute_async_script(
        """
        const done = arguments[0];
        (async () => {
          const wrong = [];
          const every = [...document.querySelectorAll("a.number")];
          // a zero may go wrong where its row has another number; elsewhere there are too many
          const zeros = [...document.querySelectorAll("#claims a.zero")].filter(
            (a) => a.closest("tr").querySelector("td a.number:not(.zero)"));
          const links = [...every.filter((a) => a.textContent !== "0"), ...zeros];
          const numbers = links.map(
            (a) => [a.getAttribute("href"), a.textContent, a.matches(".studies")]);
          for (const [href, text, isOfStudies] of numbers) {
            if (location.hash !== href) {
              const change = new Promise((go) => {
                addEventListener("hashchange", go, { once: true });
              });
              location.hash = href;
              await change;
            }
            const said = document.getElementById("count").textContent;
            const shown = isOfStudies ? said.match(/ in ([\\d,]+) stud/)[1] : said.split(" ")[0];
            if (shown !== text) wrong.push([href, text, shown]);
          }
          done([numbers.length, wrong]);
        })();
        """
    )
    assert wrong[0] > 120
    assert wrong[1] == []


def test_a_cell_opens_its_records_with_links_and_proof(opened: Browser):
    opened.run(
        "document.querySelector(\"a.number[href='#search=kratom&type=RCT&years=2024']\").click()"
    )
    opened.wait("return document.getElementById('count').textContent.startsWith('1 record:')")
    assert titles(opened) == ["Kratom for pain: a trial"]
    links = opened.run("return [...document.querySelectorAll('#list a')].map(a => a.href)")
    assert "https://pubmed.ncbi.nlm.nih.gov/11/" in links
    assert "https://doi.org/10.1000/a(b)%3B2-%23c" in links
    item = opened.text("#list")
    assert "NLM publication type: Randomized Controlled Trial" in item
    assert "kratom: kratom" in item
    assert item.count("not stated in PubMed") == 2
    assert opened.run("return document.activeElement.id") == "count"


def test_a_cell_of_the_claim_map_opens_its_records_with_the_words(
    browser: Browser, any_set: Published
):
    browser.open(any_set.page)
    cell = "#search=kratom&claim=pain_tolerance&group=Randomised+trials&how=measured"
    browser.run("document.querySelector(`#claims a.number[href='${arguments[0]}']`).click()", cell)
    browser.wait("return document.activeElement.id === 'count'")
    assert titles(browser) == ["Kratom tea and pain tolerance: a randomized trial"]
    item = browser.text("#list")
    assert "Does it raise pain tolerance or threshold in people? measured: " in item
    said = browser.text("#sentence")
    assert "claim “Does it raise pain tolerance or threshold in people?”, that measured it" in said
    assert said.endswith(f" index.html{cell}")
    browser.run("document.querySelector('#chosen a[aria-label*=\"kind of study\"]').click()")
    browser.wait("return !location.hash.includes('group')")
    browser.find("#filters button").click()
    browser.wait("return location.hash === '#search=kratom'")


def test_the_claim_filter_narrows_and_stands_in_the_address(opened: Browser):
    opened.run(
        """
        const claims = document.querySelector('[name=claim]');
        claims.value = 'pain_tolerance';
        claims.dispatchEvent(new Event('input', { bubbles: true }));
        """
    )
    assert opened.run("return location.hash") == "#search=kratom&claim=pain_tolerance"
    assert titles(opened) == ["Kratom tea and pain tolerance: a randomized trial"]


def test_a_question_of_the_map_opens_its_card(opened: Browser):
    opened.run("document.querySelector('#claims a[href=\"#claim-analgesia\"]').click()")
    assert opened.run("return document.getElementById('claim-analgesia').open")
    assert opened.run("return document.activeElement.textContent").startswith(
        "Does kratom or mitragynine reduce pain?"
    )


def test_filters_act_at_once_and_stand_in_the_address(opened: Browser):
    opened.find("[name=text]").send_keys("LEAF 29")
    opened.wait("return document.getElementById('list').childElementCount === 1")
    opened.run(
        "const t = document.querySelector('[name=to]'); t.value = '2014';"
        "t.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    assert titles(opened) == []
    assert "text=LEAF+29" in opened.run("return location.hash")
    assert "years=-2014" in opened.run("return location.hash")
    opened.find("#filters button").click()
    opened.wait("return location.hash === '#search=kratom'")
    assert opened.text("#count").startswith(f"{RECORDS} records")


def test_an_address_restores_its_view(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom&counted=retracted")
    assert "Kratom withdrawn" in titles(browser)
    assert "RETRACTED" in browser.text("#list")
    assert browser.run("return document.querySelector('[name=counted]').value") == "retracted"
    set_state(browser, "#search=kratom&type=CASE")
    browser.driver.back()
    browser.wait("return location.hash.includes('retracted')")
    assert "Kratom withdrawn" in titles(browser)


def test_a_group_of_types_is_one_choice(opened: Browser):
    opened.run(
        """
        const types = document.querySelector('[name=type]');
        const all = [...types.options].find((o) => o.text === 'all: Case reports and series');
        types.value = all.value;
        types.dispatchEvent(new Event('input', { bubbles: true }));
        """
    )
    assert "type=SERIES%2CCASE" in opened.run("return location.hash")
    assert len(titles(opened)) == 3
    assert "“Case series” or “Case report”" in opened.text("#count")


@pytest.mark.parametrize(
    "fragment",
    ["#search=%3Cscript%3E&type=x&years=99&counted=y", "#=", "#search=kratom&text=%", "#nowhere"],
)
def test_a_broken_address_is_no_error(browser: Browser, set_of_files: Published, fragment: str):
    browser.open(set_of_files.page, fragment)
    assert browser.logged() == []
    assert " records: search “Kratom”" in browser.text("#count")


def test_more_records_come_when_asked_for(opened: Browser):
    while opened.run("return !document.getElementById('more').hidden"):
        opened.find("#more").click()
    assert len(titles(opened)) == RECORDS


def test_hostile_titles_are_text(opened: Browser):
    set_state(opened, "#search=kratom&counted=all")
    while opened.run("return !document.getElementById('more').hidden"):
        opened.find("#more").click()
    found = titles(opened)
    assert f"Kratom {SCRIPT}" in found
    assert QUOTES in found
    assert TURNED in found
    assert LONG in found
    assert opened.run("return window.harmed") is None
    assert opened.run("return document.querySelectorAll('main img, main b').length") == 0
    assert opened.logged() == []


def test_hostile_abstracts_are_text(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.directory / "index.private.html", "#search=kratom&text=harmed")
    assert "A secret of its publisher" in browser.text("#list")
    assert browser.run("return window.harmed") is None


@pytest.mark.parametrize("width", [320, 390, 1200])
def test_nothing_runs_off_the_side(opened: Browser, width: int):
    opened.driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    try:
        assert opened.run("return document.documentElement.scrollWidth") <= width
    finally:
        opened.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_a_list_copies_as_a_sentence(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom&type=RCT&years=2024")
    said = browser.text("#sentence")
    ((set_id, statement),) = set_of_files.sql(
        "SELECT set_id, statement FROM marts.search_totals LIMIT 1"
    )
    assert said.startswith("1 record in PubMed as held by ketum (search “Kratom”, study type")
    for part in (
        set_id,
        statement,
        "as of 2026-11-22",
        "PubMed only",
        "index.html#search=kratom&type=RCT&years=2024",
    ):
        assert part in said
    browser.find("#copy").click()
    browser.wait("return document.getElementById('copied').textContent !== ''")


def test_sections_are_reached_by_keyboard_and_keep_the_view(
    browser: Browser, set_of_files: Published
):
    browser.open(set_of_files.page, "#search=kratom&type=RCT")
    browser.run("document.querySelector(\"nav a[href='#method']\").click()")
    assert browser.run("return document.activeElement.textContent") == "How the search was made"
    assert browser.run("return location.hash") == "#search=kratom&type=RCT"


AXE_RUNS = [
    # each two of set, page and scheme meet in the first four
    ("complete_set", "index.html", "light"),
    ("complete_set", "index.private.html", "dark"),
    ("set_of_files", "index.html", "dark"),
    ("set_of_files", "index.private.html", "light"),
    pytest.param("complete_set", "index.html", "dark", marks=pytest.mark.slow),
    pytest.param("complete_set", "index.private.html", "light", marks=pytest.mark.slow),
    pytest.param("set_of_files", "index.html", "light", marks=pytest.mark.slow),
    pytest.param("set_of_files", "index.private.html", "dark", marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("any_set", "name", "scheme"), AXE_RUNS, indirect=["any_set"])
def test_axe_finds_nothing_serious(
    browser: Browser, any_set: Published, axe: str, scheme: str, name: str
):
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia",
        {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
    )
    browser.open(any_set.directory / name)
    browser.run("for (const details of document.querySelectorAll('details')) details.open = true")
    browser.run(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(result.violations))"
    )
    serious = [
        (fault["id"], [node["html"][:120] for node in fault["nodes"][:3]])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]
    assert serious == []
