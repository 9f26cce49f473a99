"""What a cell answers, seen by a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from golive.pages.answer import Answer, Table

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the system's own Chromium."""
    program = shutil.which("chromium")
    assert program, "chromium is missing; NEXT make system"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


def test_what_a_site_sends_back_is_shown_and_never_run(browser: Browser) -> None:
    """Hostile text in every place of an answer is text: no element of it exists, no script of it ran."""
    answer = Answer("FAIL", HOSTILE, [(HOSTILE, HOSTILE)], Table([HOSTILE], [[HOSTILE]]), next=HOSTILE)
    page = browser.new_page()
    page.set_content(answer.html())
    assert page.title() == ""
    assert page.locator("script, img").count() == 0
    assert page.locator("body").inner_text().count(HOSTILE) == 6


def test_an_answer_asks_nothing_of_the_network(browser: Browser) -> None:
    """An answer with its picture is whole in itself."""
    asked: list[str] = []
    page = browser.new_page()
    page.on("request", lambda request: asked.append(request.url))
    picture = bytes.fromhex("89504e470d0a1a0a")
    page.set_content(Answer("HOLD", "not enough yet", picture=picture, picture_text="a chart").html())
    assert [url for url in asked if not url.startswith("data:")] == []
    assert page.locator("img").get_attribute("alt") == "a chart"
