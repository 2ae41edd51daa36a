"""The Evaluate page in a real browser: choose, start, watch, stop, go on, compare, download."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.generator import generate_case
from tests.app.served import served
from tests.app.test_browser import LATER, SOON, browser, wait_until_idle

from playwright.sync_api import Browser, Page, expect  # isort: skip  (test_browser skips where there is none)

pytestmark = pytest.mark.timeout(600)
__all__ = ["browser"]

NOTE = generate_case(0, "heldout").case.text


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluate") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served(home, engine="scripted", delay=0.004) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", accept_downloads=True) as context:
        tab = context.new_page()
        tab.set_default_timeout(SOON)
        tab.goto(f"{address}/evaluate")
        expect(tab.get_by_role("button", name="Start evaluation")).to_be_visible()
        wait_until_idle(tab)
        yield tab


def only_direct_answer(page: Page) -> None:
    page.get_by_role("button", name="LongStep", exact=True).click()
    expect(page.get_by_text(re.compile("by 1 strategy"))).to_be_visible()
    wait_until_idle(page)


def start(page: Page, cases: int) -> None:
    page.get_by_label("Number of cases").fill(str(cases))
    page.get_by_label("Number of cases").press("Enter")
    expect(page.get_by_text(f"{cases} cases by")).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("button", name="Start evaluation").click()
    expect(page).to_have_url(re.compile(r"/evaluate\?evaluation=[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$"))


def test_four_held_out_cases_from_the_form_to_the_downloaded_report(page: Page, home: Path, tmp_path: Path) -> None:
    only_direct_answer(page)
    start(page, 4)
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"[0-4] of 4"))).to_be_visible()
    page.reload()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=LATER)

    expect(page.get_by_text(re.compile("Model scripted · not quantised · no adapter"))).to_be_visible()
    table = page.get_by_role("region", name=re.compile("^Right answers with their 95 % intervals")).get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Strategy", "Answered", "Right, %", "Could not be read"])
    row = table.get_by_role("row", name=re.compile("^Direct answer"))
    expect(row.get_by_role("cell").nth(0)).to_have_text(re.compile("^4of 4$"))
    expect(row.get_by_role("cell").nth(1)).to_have_text(re.compile(r"^100\.051\.0 to 100\.04 of 4$"))
    expect(row.get_by_role("cell").nth(2)).to_have_text("0")
    picture = page.get_by_role("img", name=re.compile("^Share of right answers with 95 % intervals: Direct answer 100.0 %"))
    expect(picture).to_be_visible()
    assert picture.evaluate("each => each.naturalWidth") > 300, "the browser could draw it"

    wait_until_idle(page)
    for label, name in (("Report as a page", "report.html"), ("Report as Markdown", "report.md")):
        with page.expect_download(timeout=SOON) as download:
            page.get_by_role("button", name=label).click()
        download.value.save_as(tmp_path / name)
        assert "Evaluation on generated:heldout" in (tmp_path / name).read_text("utf-8")

    id = page.url.rpartition("=")[2]
    assert json.loads((home / "evaluations" / id / "summary.json").read_text("utf-8"))["complete"]
    page.get_by_role("button", name="All evaluations").click()
    listed = page.locator(f".st-key-row_{id}")
    expect(listed).to_contain_text("generated:heldout, 4 cases")
    expect(listed).to_contain_text("Direct answer 100.0 % (51.0 to 100.0)")
    listed.get_by_role("link", name="Open").click()
    expect(table).to_be_visible()
    log = home.with_suffix(".log").read_text("utf-8", "replace")
    assert not [words for words in (NOTE[:40], NOTE[-40:]) if words in log or words in page.content()]


def test_an_evaluation_is_stopped_and_gone_on_with(page: Page) -> None:
    start(page, 5)
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Unfinished", exact=True)).to_be_visible(timeout=LATER)
    expect(page.get_by_text(re.compile(r"\d of 10 answers are kept; it can go on from there"))).to_be_visible()
    page.reload()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible(timeout=LATER)
    compared = page.get_by_role("region", name=re.compile("^Both on the same cases")).get_by_role("table")
    expect(compared.get_by_role("row", name=re.compile("^LongStep against Direct answer"))).to_contain_text("adjusted 1.000")


def test_what_is_wrong_with_a_form_is_said_before_anything_begins(page: Page) -> None:
    page.get_by_text("Your own file", exact=True).click()
    page.get_by_role("button", name="Start evaluation").click()
    expect(page.get_by_role("alert").filter(has_text="There are no cases yet: choose a file")).to_be_visible()
    page.locator("input[type=file]").set_input_files(
        {"name": "mine.csv", "mimeType": "text/csv", "buffer": b"letter,gold\n63F with sudden SOB,Pulmonary embolism\n"}
    )
    expect(page.get_by_role("alert").filter(has_text="mine.csv, line 2: there is no column `text` or `vignette`")).to_be_visible()
    expect(page.get_by_text("There are no cases yet")).to_have_count(0)
    wait_until_idle(page)
    page.locator("input[type=file]").set_input_files(
        {"name": "good.csv", "mimeType": "text/csv", "buffer": b"text,gold\n63F with sudden SOB,Pulmonary embolism\n61M with a cough,\n"}
    )
    expect(page.get_by_text("1 case can be used")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="good.csv, line 3: nothing says what is right")).to_be_visible()
    expect(page.get_by_text("1 case by 2 strategies: 2 answers")).to_be_visible()


def test_an_address_that_is_none_says_so(page: Page, address: str) -> None:
    page.goto(f"{address}/evaluate?evaluation=..%2F..%2Fetc")
    expect(page.get_by_text("There is no evaluation with this address")).to_be_visible()
