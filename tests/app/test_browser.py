"""The main job in a real browser: paste, run, watch, stop, reload, judge, find again, export."""

import csv
import io
import os
import re
import shutil
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NoReturn

import pytest

from cases.generator import generate_case
from storage.exports import read_jsonl
from storage.values import RunStatus
from tests.app.served import ENGINE, served


def no_browser(reason: str) -> NoReturn:
    """A failure where the browser tests are required, as in continuous integration; elsewhere they are skipped."""
    if os.environ.get("SOLILOQUY_REQUIRE_BROWSER") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)


try:
    from playwright.sync_api import Browser, Dialog, FloatRect, Locator, Page, expect, sync_playwright
except ModuleNotFoundError:
    no_browser("playwright is not installed: run the tests with `make test`, or install Soliloquy's extra `test`")

pytestmark = pytest.mark.timeout(600)

CHROMIUM = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NOTE = generate_case(3, "heldout").case.text
OTHER_NOTE = generate_case(5, "heldout").case.text
SOON, LATER = 60_000, 240_000
expect.set_options(timeout=SOON)  # a busy machine gets its time; a quick one does not wait


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        no_browser("no Chromium on this machine: install Debian's `chromium`, or set CHROMIUM_PATH")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("app") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def slow_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The scripted engine at reading speed: a run that is surely still going when the browser looks."""
    with served(tmp_path_factory.mktemp("slow") / "home", engine="scripted", delay=0.05) as found:
        yield found


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce", accept_downloads=True) as context:
        tab = context.new_page()
        tab.set_default_timeout(SOON)
        yield tab


def open_form(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_label("Case note")).to_be_visible()


def wait_until_idle(page: Page) -> None:
    """A button that is clicked while the page is being drawn anew may belong to the old page."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def turn_on(page: Page, name: str) -> None:
    """A switch that has just come into view may still be moving when it is clicked: then it is clicked once more."""
    switch = page.get_by_role("switch", name=name)
    for _ in range(3):
        page.get_by_text(name, exact=True).click()
        try:
            expect(switch).to_be_checked(timeout=10_000)
        except AssertionError:
            continue
        return
    expect(switch).to_be_checked()


def start(page: Page, note: str, strategy: str = "LongStep") -> None:
    """Fill in the form, press Run, and wait until the run has an address."""
    page.get_by_label("Case note").fill(note)
    page.get_by_text(strategy, exact=True).first.click()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page).to_have_url(re.compile(r"\?run=[0-9a-f]{32}$"))


def stop(page: Page) -> None:
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text("Stopped", exact=True)).to_be_visible()


def test_a_case_from_pasting_to_export(page: Page, address: str, tmp_path: Path) -> None:
    open_form(page, address)
    expect(page.get_by_text("For education and research")).to_be_visible()
    start(page, NOTE)
    stream = page.locator(".st-key-stream")
    expect(stream).to_contain_text(re.compile(r"Problem representation|Findings", re.I), timeout=LATER)
    first = stream.inner_text()
    expect(stream).not_to_have_text(first)  # it grows, or has made way for the result

    expect(page.get_by_text("Next most useful step")).to_be_visible(timeout=LATER)
    leader = page.locator(".st-key-hypothesis_1")
    expect(leader).to_contain_text(re.compile(r"\d+–\d+ %"))
    expect(leader).to_contain_text("ICD-10")
    assert page.locator(".sol-note mark").count() > 0
    assert page.locator(".sol-note").inner_text().split() == NOTE.split()
    diagnosis = leader.locator(".sol-name").inner_text()

    leader.get_by_text("Agree", exact=True).click()
    expect(leader.get_by_text("Saved", exact=False)).to_be_visible()
    page.get_by_label("The diagnosis that was right").fill("Something else entirely")
    page.get_by_text("Not useful", exact=True).click()
    page.get_by_role("button", name="Save feedback").click()
    expect(page.get_by_text("right was: Something else entirely")).to_be_visible()

    run_id = page.url.rpartition("=")[2]
    page.reload()
    expect(page.get_by_text("right was: Something else entirely")).to_be_visible()

    page.get_by_role("link", name="History").click()
    page.get_by_label("Search").fill(diagnosis)
    page.get_by_label("Search").press("Enter")
    expect(page.locator(".sol-row").first).to_contain_text(diagnosis)
    assert diagnosis.split()[0] not in page.url
    wait_until_idle(page)
    with page.expect_download(timeout=SOON) as jsonl:
        page.get_by_role("button", name="Export JSONL").click()
    jsonl.value.save_as(tmp_path / "runs.jsonl")
    (run,) = [run for run in read_jsonl(tmp_path / "runs.jsonl") if run.id == run_id]
    assert run.status is RunStatus.finished
    assert run.differential is not None
    assert run.differential.hypotheses[0].diagnosis == diagnosis
    assert {(entry.diagnosis, entry.verdict, entry.right_diagnosis, entry.useful) for entry in run.feedback} == {
        (diagnosis, "agree", None, None),
        (None, None, "Something else entirely", False),
    }
    wait_until_idle(page)
    with page.expect_download(timeout=SOON) as table:
        page.get_by_role("button", name="Export CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(table.value.path()).read_text("utf-8-sig"))))
    assert diagnosis in {row["diagnosis"] for row in rows if row["run_id"] == run_id}

    wait_until_idle(page)
    page.locator("a", has_text="Open").first.click()
    expect(page.get_by_text("Next most useful step")).to_be_visible()


def test_a_run_outlives_its_page_and_can_be_stopped(page: Page, slow_address: str) -> None:
    open_form(page, slow_address)
    start(page, OTHER_NOTE, "Majority vote")
    expect(page.locator(".sol-lane").nth(4)).to_be_visible(timeout=LATER)
    page.reload()
    expect(page.locator(".sol-lane").nth(4)).to_be_visible()
    stop(page)
    expect(page.get_by_text("What it had written until then is kept")).to_be_visible()
    assert page.get_by_text("Next most useful step").count() == 0


def test_two_tabs_take_turns(page: Page, slow_address: str) -> None:
    other = page.context.new_page()
    other.set_default_timeout(SOON)
    open_form(page, slow_address)
    start(page, OTHER_NOTE, "Majority vote")
    open_form(other, slow_address)
    start(other, NOTE, "Majority vote")
    expect(other.get_by_text("Waiting for its turn: next")).to_be_visible()
    stop(page)
    expect(other.get_by_text("elapsed")).to_be_visible(timeout=LATER)
    stop(other)


def test_the_note_is_beside_the_list_and_above_it_on_a_phone(page: Page, slow_address: str) -> None:
    open_form(page, slow_address)
    start(page, NOTE, "Direct answer")
    first, note = page.locator(".st-key-hypothesis_1"), page.locator(".sol-note")
    expect(first).to_be_visible(timeout=LATER)
    wait_until_idle(page)
    expect(note).to_have_count(1)
    page.locator(".st-key-hypothesis_3").scroll_into_view_if_needed()
    expect(note).to_be_in_viewport()
    note_box, first_box = boxes(note, first)
    assert first_box["x"] + first_box["width"] < note_box["x"]

    page.set_viewport_size({"width": 390, "height": 844})
    note_box, first_box = boxes(note, first)
    assert note_box["x"] + note_box["width"] <= 390
    assert note_box["y"] + note_box["height"] < first_box["y"] < note_box["y"] + note_box["height"] + 300
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def boxes(*parts: Locator) -> list[FloatRect]:
    """Where the parts are on the page."""
    return [box for part in parts if (box := part.bounding_box())]


def test_pages_can_be_read_without_seeing_them(page: Page, slow_address: str) -> None:
    tree = page.context.new_cdp_session(page)
    operated = {"button", "link", "textbox", "combobox", "radio", "spinbutton", "slider", "switch", "region", "image"}
    for name in ("Reason", "History", "Cases", "Evaluate", "About"):
        page.goto(slow_address if name == "Reason" else f"{slow_address}/{name.lower()}")
        expect(page.get_by_role("heading", level=1, name=name, exact=True)).to_be_attached()
        wait_until_idle(page)
        levels = [int(tag[1]) for tag in page.locator("h1, h2, h3, h4, h5, h6").evaluate_all("found => found.map(each => each.tagName)")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
        ids = page.locator("[id]").evaluate_all("found => found.map(each => each.id)")
        assert len(ids) == len(set(ids))
        nodes = tree.send("Accessibility.getFullAXTree")["nodes"]
        found = [node for node in nodes if not node["ignored"] and node.get("role", {}).get("value") in operated]
        assert len(found) > 4
        assert [node for node in found if not node.get("name", {}).get("value")] == []


def test_markup_is_shown_as_text(page: Page, address: str) -> None:
    alarms: list[str] = []

    def raise_alarm(dialog: Dialog) -> None:
        alarms.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", raise_alarm)
    note = (
        '58M <b id="evil">chest pain</b> <img src=x onerror=alert(1)> **stars** $x^2$ :red[red] :material/home: <script>alert(2)</script>'
    )
    open_form(page, address)
    start(page, note, "Direct answer")
    expect(page.get_by_text("Your judgement")).to_be_visible(timeout=LATER)
    expect(page.locator(".sol-note")).to_have_text(note)
    assert page.locator("#evil, .sol img, .sol script, .katex").count() == 0
    page.get_by_role("link", name="History").click()
    expect(page.locator(".sol-row").first).to_contain_text('<b id="evil">')
    assert page.locator("#evil, .sol img, .katex").count() == 0
    assert alarms == []


def test_what_was_written_is_never_lost(page: Page, address: str) -> None:
    open_form(page, address)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("The note is empty")).to_be_visible()
    long = "chest pain " * 18_000
    page.get_by_label("Case note").fill(long)
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("the limit is 20,000")).to_be_visible()
    expect(page.get_by_label("Case note")).to_have_value(long)
    page.get_by_label("Case note").fill(NOTE)
    page.get_by_label("Case note").blur()
    expect(page).to_have_url(re.compile("draft="))
    page.get_by_role("link", name="Cases").click()
    expect(page.get_by_text("none is a real patient")).to_be_visible()
    page.get_by_role("link", name="Reason").click()
    expect(page.get_by_label("Case note")).to_have_value(NOTE)
    page.reload()
    expect(page.get_by_label("Case note")).to_have_value(NOTE)
    assert NOTE.split()[1] not in page.url


def test_a_library_case_keeps_its_answer_until_it_is_asked_for(page: Page, address: str) -> None:
    page.goto(f"{address}/cases")
    page.get_by_label("Search").fill("jaw ached blouse")
    page.get_by_label("Search").press("Enter")
    expect(page.get_by_text(re.compile(r"\b1 of \d+ cases"))).to_be_visible()
    wait_until_idle(page)
    page.get_by_text("Jaw ache and sickness on the sofa").click()
    expect(page.get_by_text("soaked through my blouse")).to_be_visible()
    assert page.get_by_text("Acute myocardial infarction").count() == 0
    wait_until_idle(page)
    turn_on(page, "Show the answer and teaching notes")
    expect(page.get_by_text("Acute myocardial infarction").first).to_be_visible()
    wait_until_idle(page)
    page.get_by_role("button", name="Reason about this case").click()
    expect(page.get_by_label("Case note")).to_have_value(re.compile("soaked through my blouse"))


@pytest.mark.skipif(ENGINE != "local", reason="the demonstration model is not built, or another engine was asked for")
def test_the_shipped_model_says_what_it_is(page: Page, address: str) -> None:
    page.goto(f"{address}/about")
    expect(page.get_by_text("NF4 + double quantisation", exact=True)).to_be_visible(timeout=LATER)
    expect(page.get_by_text("Demonstration model: trained on generated text").first).to_be_visible()
