"""Real visitors are moved by a sentence that says how many, of which site, and where to."""

import pytest

from golive.core.sentence import sentence, spoken


@pytest.mark.parametrize(
    "typed",
    [
        "move 25 % of visitors of shop to the canary",
        "  Move  25%  of visitors of SHOP\nto the canary. ",
        "MOVE 25\u00a0% OF VISITORS OF SHOP TO THE CANARY",
    ],
)
def test_blanks_and_capitals_do_not_count(typed):
    assert spoken(typed, 0.25, "shop") is None


@pytest.mark.parametrize(
    "typed", ["", "yes", "move 50 % of visitors of shop to the canary", "move 25 % of visitors of shop2 to the canary"]
)
def test_anything_else_moves_nobody_and_shows_what_to_type(typed):
    stop = spoken(typed, 0.25, "shop")

    assert "nobody was moved" in stop.why
    assert stop.next == 'await go.shift("move 25 % of visitors of shop to the canary")'


def test_a_site_with_quotes_in_its_name_gives_a_line_that_can_be_typed():
    typed = spoken("", 0.01, 'the "old" \\ shop').next.removeprefix("await go.shift(").removesuffix(")")

    assert eval(typed) == sentence(0.01, 'the "old" \\ shop')
