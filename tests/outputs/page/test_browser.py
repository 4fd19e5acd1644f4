"""The page as a reader meets it, in Chromium."""

from __future__ import annotations

import csv
import io
import re
from base64 import b64decode

import pytest
import rispy
from selenium.webdriver.common.keys import Keys

from tests.outputs.page.browser import Browser, titles
from tests.outputs.page.conftest import LONG, QUOTES, SCRIPT, TURNED, Published

pytestmark = pytest.mark.whole

KRATOM = 54
RETRACTED = 4
RECORDS = KRATOM - RETRACTED - 1
"""Of the search kratom, all that is listed, and what counts as records: one is a preprint."""
FOCUSED = "return document.activeElement.id"


def set_state(browser: Browser, fragment: str) -> None:
    browser.run("location.hash = arguments[0]", fragment)
    browser.wait(f"return location.hash === '{fragment}'")
    browser.run("return new Promise((done) => requestAnimationFrame(done))")


def type_into(browser: Browser, name: str, value: str) -> None:
    browser.run(
        "const field = document.querySelector(`[name=${arguments[0]}]`);"
        "field.value = arguments[1];"
        "field.dispatchEvent(new Event('input', { bubbles: true }))",
        name,
        value,
    )


def test_it_is_drawn_without_an_error_or_a_request(opened: Browser, set_of_files: Published):
    assert opened.logged() == []
    assert opened.asked_for() == [set_of_files.page.resolve().as_uri()]
    assert opened.run("return document.querySelectorAll('#years-kratom rect').length") > 4


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (390, 844)])
def test_the_answer_stands_on_the_first_screen(
    browser: Browser, complete_set: Published, width: int, height: int
):
    """How many human trials on kratom and pain, and which? Without scrolling."""
    browser.width(width, height)
    browser.open(complete_set.page, "#search=kratom_pain&at=top")
    bottoms = browser.run(
        "const seen = '[data-search=kratom_pain]:not([hidden]) ';"
        "return ['.lead', '.named li'].map("
        "(place) => document.querySelector(seen + place).getBoundingClientRect().bottom)"
    )
    named = browser.text("[data-search=kratom_pain] .named")
    browser.width(None)
    assert max(bottoms) <= height
    assert "Kratom tea and pain tolerance: a randomized trial" in named


def test_rats_and_a_hot_plate_are_two_clicks_away(browser: Browser, complete_set: Published):
    browser.open(complete_set.page)
    for value in ("Rat", "Hot plate"):
        browser.run(
            "[...document.querySelectorAll('#facets .value')].find("
            "(a) => a.querySelector('bdi').textContent === arguments[0]).click()",
            value,
        )
    expected = complete_set.sql(
        "SELECT a.title FROM marts.articles AS a WHERE counted_as = 'record' "
        "AND pmid IN (SELECT pmid FROM evidence.article_facets WHERE value = 'rat') "
        "AND pmid IN (SELECT pmid FROM evidence.article_facets WHERE value = 'hot_plate') "
        "AND pmid IN (SELECT pmid FROM ops.search_hits WHERE search = 'kratom')"
    )
    assert expected and titles(browser) == [title for (title,) in expected]


def test_each_facet_counts_what_sql_counts(opened: Browser, set_of_files: Published):
    shown = opened.run(
        "return [...document.querySelectorAll('#facets .value')].map("
        "(a) => [new URLSearchParams(a.hash.slice(1)).get('facet'), "
        "a.querySelector('.n').textContent])"
    )
    found = {key: int(count) for key, count in shown if key}
    rows = set_of_files.sql(
        "SELECT concat(f.facet, ':', f.value), count(*) FROM marts.article_facets AS f "
        "JOIN marts.articles AS a USING (pmid) JOIN ops.search_hits AS h USING (pmid) "
        "WHERE h.search = 'kratom' AND h.left_at IS NULL AND a.counted_as = 'record' "
        "AND len(f.words) > 0 GROUP BY ALL"
    )
    assert len(found) > 8
    assert found.items() <= dict(rows).items()


@pytest.mark.parametrize(
    "any_set",
    ["set_of_files", pytest.param("complete_set", marks=pytest.mark.slow)],
    indirect=True,
)
def test_every_number_opens_a_list_of_that_length(browser: Browser, any_set: Published):
    """As the program counts them: each number of the first screen, and 150 of the others."""
    browser.open(any_set.page)
    wrong = browser.driver.execute_async_script(
        """
        const done = arguments[0];
        (async () => {
          const wrong = [];
          const every = [...document.querySelectorAll("a.number")];
          const step = Math.ceil(every.length / 150);
          const first = document.querySelector("main section");
          const links = every.filter((a, i) => first.contains(a) || i % step === 0);
          const numbers = links.map(
            (a) => [a.getAttribute("href"), a.textContent, a.matches(".studies")]);
          for (const [href, text, isOfStudies] of numbers) {
            if (location.hash !== href) {
              const change = new Promise((go) => {
                addEventListener("popstate", go, { once: true });
              });
              location.hash = href;
              await change;
            }
            const said = document.getElementById("count").textContent;
            const shown = isOfStudies ? said.match(/ in ([\\d,]+) stud/)[1] : said.split(" ")[0];
            const isOdd = !document.getElementById("notice").hidden;
            if (shown !== text || isOdd) wrong.push([href, text, shown, isOdd]);
          }
          done([numbers.length, wrong]);
        })();
        """
    )
    assert wrong[0] > 120
    assert wrong[1] == []


def test_a_cell_opens_its_records_and_a_record_its_proof(opened: Browser):
    cell = "a.number[href='#years=2024&search=kratom&type=RCT']"
    opened.run("document.querySelector(arguments[0]).click()", _ordered(opened, cell))
    opened.wait("return document.getElementById('count').textContent.startsWith('1 record:')")
    assert titles(opened) == ["Kratom for pain: a trial"]
    assert opened.run(FOCUSED) == "count"
    opened.click("#list .open")
    links = opened.run("return [...document.querySelectorAll('#detail a')].map(a => a.href)")
    assert "https://pubmed.ncbi.nlm.nih.gov/11/" in links
    assert "https://doi.org/10.1000/a(b)%3B2-%23c" in links
    details = opened.text("#detail")
    assert "NLM publication type: Randomized Controlled Trial" in details
    assert "kratom: kratom" in details
    assert details.count("not stated in PubMed") == 2
    assert opened.run(FOCUSED) == "close"
    opened.press(Keys.ESCAPE)
    opened.wait("return document.getElementById('detail').hidden")
    assert titles(opened) == ["Kratom for pain: a trial"]


def _ordered(browser: Browser, selector: str) -> str:
    """The selector of a number, whatever the order of the parts of its address."""
    wanted = selector.split("#", 1)[1].rstrip("']").split("&")
    found = browser.run(
        "return [...document.querySelectorAll('a.number')].map(a => a.getAttribute('href'))"
    )
    href = next(one for one in found if sorted(one[1:].split("&")) == sorted(wanted))
    return f"a.number[href='{href}']"


def test_back_returns_to_where_one_clicked(opened: Browser):
    number = opened.find("#table-questions-kratom td a.number")
    opened.run("arguments[0].scrollIntoView({ block: 'center' })", number)
    before = opened.run("return scrollY")
    opened.run("arguments[0].focus({ preventScroll: true }); arguments[0].click()", number)
    assert opened.run(FOCUSED) == "count"
    assert abs(opened.run("return scrollY") - before) > 200
    opened.click("#back")
    opened.wait("return location.hash === ''")
    opened.wait(f"return Math.abs(scrollY - {before}) < 2")
    assert opened.run("return document.activeElement === arguments[0]", number)


def test_on_a_phone_a_list_begins_with_its_records(browser: Browser, set_of_files: Published):
    browser.width(390, 844)
    browser.open(set_of_files.page, "#search=kratom&type=CASE")
    bottom = "return document.querySelector('#list tr').getBoundingClientRect().bottom"
    assert 0 < browser.run(bottom) < 844
    assert not browser.find("#facets a").is_displayed()
    browser.click("#narrow > summary")
    browser.click("#facets ul a:not([aria-current])")
    assert browser.find("#facets a").is_displayed()
    browser.width(None)


def test_back_from_another_site_returns_to_the_record_one_left(
    browser: Browser, set_of_files: Published
):
    browser.open(set_of_files.page)
    browser.run(
        "const out = [...document.querySelectorAll('#table-trials-kratom th a')].at(-1);"
        "out.scrollIntoView({ block: 'center' });"
        "out.href = 'data:text/html,elsewhere'; out.focus({ preventScroll: true });"
        "out.dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true }))"
    )
    before = browser.run("return [scrollY, document.activeElement.textContent]")
    assert before[0] > 500
    browser.driver.get("about:blank")  # a page may not lead to data: by itself
    browser.driver.back()
    browser.wait("return document.documentElement.dataset.ready === 'yes'")
    after = browser.run("return [scrollY, document.activeElement.textContent]")
    assert abs(after[0] - before[0]) < 2
    assert after[1] == before[1]


def test_the_first_rows_are_those_that_the_program_would_draw(opened: Browser):
    """They come as HTML, so that the list stands before any script has run."""
    drawn = opened.run("""
        const rows = () =>
            [...document.querySelectorAll('#list > tr')].map((row) => row.cloneNode(true));
        const first = rows();
        document.querySelector('#list-head th:nth-child(1) button').click();
        document.querySelector('#list-head th:nth-child(1) button').click();
        const again = rows();
        for (const a of again) for (const link of a.querySelectorAll('a'))
            link.setAttribute('href', link.getAttribute('href').replace('&sort=-year', ''));
        const differing = first.filter((row, i) => !row.isEqualNode(again[i]));
        return [first.length, again.length, differing.map((row) => row.outerHTML)];
    """)
    assert drawn == [RECORDS, RECORDS, []]


def test_the_switch_at_the_start_of_the_page_leaves_an_address_that_leads_there(
    browser: Browser, set_of_files: Published
):
    browser.open(set_of_files.page)
    browser.click("[data-switch=kratom_pain]")
    fragment = browser.run("return location.hash")
    browser.open(set_of_files.page, fragment)
    assert browser.run("return scrollY") == 0
    assert browser.find("#top-kratom_pain h1").is_displayed()


def test_the_switch_governs_the_whole_page_and_stays_in_view(opened: Browser):
    opened.run("document.getElementById('questions').scrollIntoView()")
    opened.click("[data-switch=kratom_pain]")
    assert opened.run("return location.hash") == "#search=kratom_pain"
    shown = opened.run(
        "return [...document.querySelectorAll('[data-search]')].filter(e => e.checkVisibility())"
        ".map(e => e.dataset.search)"
    )
    assert set(shown) == {"kratom_pain"}
    assert "search “Kratom and pain”" in opened.text("#count")
    top = opened.run("return document.querySelector('.switch').getBoundingClientRect().top")
    assert 0 <= top < 60
    assert opened.run("return document.querySelector('[data-switch=pain]')") is None


def test_filters_act_at_once_and_stand_in_the_address(opened: Browser):
    type_into(opened, "text", "LEAF 29")
    assert len(titles(opened)) == 1
    type_into(opened, "to", "2014")
    assert titles(opened) == []
    assert "text=LEAF+29" in opened.run("return location.hash")
    assert "years=-2014" in opened.run("return location.hash")
    opened.click("#chosen li:last-child a")
    assert opened.run("return location.hash") == "#search=kratom"
    assert opened.text("#count").startswith(f"{RECORDS} records")
    type_into(opened, "claim", "pain_tolerance")
    assert titles(opened) == ["Kratom tea and pain tolerance: a randomized trial"]


def test_an_address_restores_its_view(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom&counted=retracted")
    assert "Kratom withdrawn" in titles(browser)
    assert "RETRACTED" in browser.text("#list")
    assert browser.run("return document.querySelector('[name=counted]').value") == "retracted"
    set_state(browser, "#search=kratom&type=CASE")
    browser.driver.back()
    browser.wait("return location.hash.includes('retracted')")
    assert "Kratom withdrawn" in titles(browser)


@pytest.mark.parametrize(
    ("fragment", "said"),
    [
        ("#search=%3Cscript%3E&type=x&years=99&counted=y", "type “x”, counted “y”, years “99”"),
        ("#=&mark=nothing:x", "mark “nothing:x”"),
        ("#search=kratom&colour=red", "colour"),
        ("#nowhere", "nowhere"),
        ("#%E0%A4%A", "%E0%A4%A"),  # cut in the middle of a character
    ],
)
def test_an_address_that_is_not_known_says_so_and_how_to_go_on(
    browser: Browser, set_of_files: Published, fragment: str, said: str
):
    browser.open(set_of_files.page, fragment)
    assert browser.logged() == []
    assert " records: search “Kratom”" in browser.text("#count")
    notice = browser.text("#notice")
    assert all(part in notice for part in said.split(", "))
    browser.click("#notice a")
    browser.wait("return document.getElementById('notice').hidden")


def test_a_long_list_is_drawn_as_it_is_needed(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom&counted=all")
    browser.wait("return document.getElementById('list').childElementCount >= 50")
    browser.run("const place = document.getElementById('list-scroll'); place.scrollTop = 1e6")
    browser.wait(f"return document.getElementById('list').childElementCount === {KRATOM}")


def test_columns_sort(opened: Browser):
    newest = opened.run("return document.querySelector('#list .year').textContent")
    opened.click("#list-head th:first-child button")
    assert opened.run("return location.hash") == "#search=kratom&sort=year"
    first = opened.run("return document.querySelector('#list .year').textContent")
    assert (newest, first) == ("2027", "undated")
    opened.click("#list-head th:nth-child(2) button")
    keys = [re.sub(r"^\W+", "", title).casefold() for title in titles(opened)]
    assert len(keys) > 40 and keys == sorted(keys)
    assert (
        opened.run("return document.querySelector('#list-head th:nth-child(2)').ariaSort")
        == "ascending"
    )


def test_hostile_titles_are_text(opened: Browser):
    set_state(opened, "#search=kratom&counted=all")
    opened.run("document.getElementById('list-scroll').scrollTop = 1e6")
    opened.wait(f"return document.getElementById('list').childElementCount === {KRATOM}")
    found = titles(opened)
    for title in (f"Kratom {SCRIPT}", QUOTES, TURNED, LONG):
        assert title in found
    opened.run("for (const open of document.querySelectorAll('#list .open')) open.click()")
    assert opened.run("return window.harmed") is None
    assert opened.run("return document.querySelectorAll('main img, main b').length") == 0
    assert opened.logged() == []


def test_hostile_abstracts_are_text(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.directory / "index.private.html", "#search=kratom&record=20")
    assert "A secret of its publisher" in browser.text("#detail")
    assert browser.run("return window.harmed") is None


@pytest.mark.parametrize("width", [320, 390, 1200])
@pytest.mark.parametrize("fragment", ["", "#search=kratom&record=11"])
def test_nothing_runs_off_the_side(
    browser: Browser, set_of_files: Published, width: int, fragment: str
):
    browser.width(width)
    browser.open(set_of_files.page, fragment)
    wide = browser.run("return document.documentElement.scrollWidth")
    browser.width(None)
    assert wide <= width


def test_a_list_copies_as_a_sentence(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom&type=RCT&years=2024")
    said = browser.text("#sentence")
    ((set_id, statement),) = set_of_files.sql(
        "SELECT set_id, statement FROM marts.search_totals LIMIT 1"
    )
    assert said.startswith("1 record held by ketum (search “Kratom”, study type")
    for part in (
        set_id,
        statement,
        "as of 2026-11-22",
        "PubMed only",
        "index.html#search=kratom&type=RCT&years=2024",
    ):
        assert part in said
    browser.click("#copy")
    browser.wait("return document.getElementById('copied').textContent !== ''")


def test_a_filtered_list_reaches_reference_managers(browser: Browser, set_of_files: Published):
    """RIS as rispy reads it, which ASReview uses; CSV without a cell that a spreadsheet runs."""
    browser.open(set_of_files.page, "#search=kratom&counted=all&text=poison")
    expected = set_of_files.sql(
        "SELECT a.pmid, a.title, a.year, a.journal FROM marts.articles AS a "
        "WHERE pmid IN (34, 35, 41) ORDER BY year DESC"
    )
    name, text = browser.saved("#save-ris")
    assert name == "ketum-2026-11-22-records.ris"
    entries = rispy.loads(text)
    assert [(int(e["accession_number"]), e["title"], int(e["year"])) for e in entries] == [
        row[:3] for row in expected
    ]
    assert "M2  - PMID: 35\r\n" in text
    assert entries[0]["authors"] == ["Leaf, Ana"]
    assert entries[0]["secondary_title"] == "Journal of Tests"
    assert (entries[0]["start_page"], entries[0]["end_page"]) == ("1", "9")
    _, text = browser.saved("#save-csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert [(int(r["pmid"]), r["title"], int(r["year"])) for r in rows] == [
        row[:3] for row in expected
    ]


def test_registrations_are_searched_shown_and_saved(browser: Browser, set_of_files: Published):
    expected = set_of_files.sql(
        "SELECT pmid, array_to_string(registrations, '; ') FROM marts.articles "
        "WHERE list_contains(registrations, 'NCT00000001') ORDER BY pmid"
    )
    assert expected
    pmid = expected[0][0]
    browser.open(set_of_files.page, f"#search=kratom&counted=all&text=nct00000001&record={pmid}")
    assert "NCT00000001" in browser.text("#detail")
    _, text = browser.saved("#save-csv")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert sorted((int(row["pmid"]), row["registrations"]) for row in rows) == expected


def test_a_table_is_saved_with_the_numbers_it_shows(opened: Browser):
    name, text = opened.saved("#table-numbers [aria-label^='CSV']")
    assert name == "ketum-2026-11-22-table-numbers.csv"
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0][:3] == ["search", "records", "concern pain"]
    assert rows[1][:2] == ["Kratom", str(RECORDS)]
    opened.click("#table-numbers [aria-label^='Link']")
    opened.wait("return document.querySelector('#table-numbers [role=status]').textContent")


def test_a_link_to_a_table_leads_there(browser: Browser, set_of_files: Published):
    browser.open(set_of_files.page, "#search=kratom_pain&at=table-types-kratom_pain")
    top = browser.run(
        "return document.getElementById('table-types-kratom_pain').getBoundingClientRect().top"
    )
    assert 0 <= top < 200


def test_on_paper_the_answer_and_the_table_come_first(browser: Browser, complete_set: Published):
    browser.open(complete_set.page)
    printed = browser.driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True})
    pdf = b64decode(printed["data"])
    assert 1 < pdf.count(b"/Type /Page\n") < 10
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    shown = browser.run(
        "return ['.lead', '#table-years-kratom table', '#table-trials-kratom', '#records', '.bar']"
        ".map((place) => document.querySelector(place).checkVisibility("
        "{ contentVisibilityAuto: true }))"
    )
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert shown == [True, True, True, False, False]


AXE_RUNS = [
    ("complete_set", "index.html", "light", 1200),
    ("set_of_files", "index.private.html", "dark", 390),
    pytest.param("complete_set", "index.html", "dark", 1200, marks=pytest.mark.slow),
    pytest.param("set_of_files", "index.html", "light", 390, marks=pytest.mark.slow),
]


@pytest.mark.parametrize(("any_set", "name", "scheme", "width"), AXE_RUNS, indirect=["any_set"])
def test_axe_finds_nothing(
    browser: Browser, any_set: Published, axe: str, scheme: str, name: str, width: int
):
    """Nothing of any level, nor of its best practices."""
    media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
    browser.width(width)
    fragment = "#search=kratom&record=31" if width > 500 else "#search=kratom"
    browser.open(any_set.directory / name, fragment)
    browser.run("for (const details of document.querySelectorAll('details')) details.open = true")
    browser.run(axe)
    found = browser.driver.execute_async_script(
        "const done = arguments[0]; axe.run().then((result) => done(result.violations))"
    )
    browser.width(None)
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    assert [
        (fault["id"], fault["impact"], [node["html"][:120] for node in fault["nodes"][:3]])
        for fault in found
    ] == []
