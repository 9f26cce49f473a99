"""A real page in both themes: everything on it can be read, in colour and without, and a redraw moves nothing."""

import os
import re
import time
from pathlib import Path

import pytest

from golive.pages.looks import contrast
from tests.browser.lab import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
SHOTS = Path(os.environ.get("GOLIVE_SHOTS", ""))

# Each text of the answers: its colour, and the colour that is really behind it.
TEXTS = """() => {
    const seen = [];
    const solid = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const ground = getComputedStyle(at).backgroundColor;
            if (!/rgba\\(.*, 0\\)|transparent/.test(ground)) return ground;
        }
        return "rgb(255, 255, 255)";
    };
    for (const node of document.querySelectorAll(".jp-OutputArea-output bdi, .jp-OutputArea-output b"))
        if (node.innerText.trim()) seen.push([node.innerText.slice(0, 60), getComputedStyle(node).color, solid(node),
                                              parseFloat(getComputedStyle(node).fontSize)]);
    return seen;
}"""


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:  # a theme that is chosen here is nobody else's
        patch.setenv("JUPYTERLAB_SETTINGS_DIR", str(tmp_path_factory.mktemp("settings")))
        opened = Lab(tmp_path_factory.mktemp("project"), browser)
    yield opened
    opened.close()


def chosen(tab, theme):
    """Choose a theme in the menu, as a person does."""
    tab.menu("Settings", "Theme")
    tab.page.click(f'.lm-Menu-itemLabel >> text="{theme}"')
    light = str(theme == "JupyterLab Light").lower()
    tab.page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")
    time.sleep(0.5)


def colour(said):
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", said)[:3])


def unreadable(tab):
    """Give the texts of a page's answers whose contrast is below 4.5, or that are smaller than 14 px."""
    texts = tab.page.evaluate(TEXTS)
    assert len(texts) > 60, len(texts)
    return [text for text in texts if contrast(colour(text[1]), colour(text[2])) < 4.5 or text[3] < 14]


def size(picture):
    """Give width and height of a picture in whole pixels, None while it has no place."""
    box = picture.bounding_box()
    return box and (round(box["width"]), round(box["height"]))


def shot(tab, number, name):
    """Keep a screenshot of one answer where `GOLIVE_SHOTS` says."""
    if str(SHOTS) != ".":
        tab.page.screenshot(path=SHOTS / f"{name}-page.png", full_page=True)
        tab.cell(number).screenshot(path=SHOTS / f"{name}.png")


def kept_for_the_readme(tab):
    """Keep a screenshot of the window as it is on a desk, where `GOLIVE_SHOTS` says; cells outside it are put away."""
    if str(SHOTS) != ".":
        chosen(tab, "JupyterLab Light")
        tab.page.set_viewport_size({"width": 1180, "height": 1560})
        tab.page.evaluate("document.querySelectorAll('.Toastify').forEach(node => node.remove())")
        tab.cell(8).evaluate("node => node.scrollIntoView({block: 'start'})")
        time.sleep(0.5)
        tab.page.screenshot(path=SHOTS / "page.png")


def test_a_whole_page_can_be_read_in_both_themes_and_a_redraw_moves_nothing(lab):
    tab = lab.open("03_canary_25")
    tab.menu("Run", "Run All Cells")
    tab.wait_until_cell_shows(6, "time left")
    chart = tab.cell(6).locator("img").first
    chart.wait_for(state="visible", timeout=60_000)
    heights = {size(chart)}  # on a slow machine the soak may be over by now: then of its last chart alone
    while "time left" in tab.shows(6) and len(heights) < 9:
        heights.add(size(chart))
        time.sleep(0.3)
        if tab.prompt(8) != "[ ]:":
            break
    said = tab.wait_until_cell_shows(9, "undecided")
    chosen(tab, "JupyterLab Light")
    shot(tab, 8, "light")

    assert "UTC" in tab.shows(1) and "go.decide(" in said
    assert len(heights - {None}) == 1, heights
    assert unreadable(tab) == []
    tab.page.evaluate("document.documentElement.style.filter = 'grayscale(1)'")
    shot(tab, 8, "grey")
    tab.page.evaluate("document.documentElement.style.filter = ''")

    chosen(tab, "JupyterLab Dark")
    shot(tab, 8, "dark")
    assert unreadable(tab) == []
    tab.run(11, 'await go.rollback(because="the test is over")')
    assert "closed as rolled back" in tab.run(10)
    kept_for_the_readme(tab)
