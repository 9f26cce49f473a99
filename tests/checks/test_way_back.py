"""The way back: what the release does to data may close it sooner than the plan says."""

import pytest

from golive.core.phases import CheckUse
from golive.ports import Result

ASKED = "/operations/migrations"


def line(around, **settings):
    endpoint = around.world["surroundings"] + ASKED
    return CheckUse(check="way-back-safe", settings={"endpoint": endpoint, **settings})


async def test_a_plan_whose_way_back_is_short_enough_passes_with_irreversible_migrations(around):
    await around.fault("migration-irreversible")

    assert (await around.look(line(around, at_most="24h"))).result is Result.PASS
    assert (await around.look(line(around, at_most="23h"))).result is Result.FAIL


@pytest.mark.parametrize("pointer", ["/nothing", "/database", ""])
async def test_what_is_no_list_and_no_number_could_not_be_measured(around, pointer):
    seen = await around.look(line(around, irreversible=pointer))

    assert seen.result is Result.COULD_NOT_MEASURE and seen.then


async def test_without_a_plan_nobody_can_say_how_long_it_is_safe(around):
    seen = await around.look(line(around), plan=None)

    assert seen.result is Result.COULD_NOT_MEASURE and "no plan" in seen.seen
