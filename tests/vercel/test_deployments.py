"""What becomes of a release's deployments: by name, read back, and never a visitor moved by it."""

from __future__ import annotations

import pytest

from golive.adapters.deployments.vercel import VercelDeployment
from golive.core.errors import PlanError
from golive.drivers import DEPLOYMENTS, checked
from golive.ports import Happened, Refused, Unknown
from tests.vercel.double.demand import OnDemand, limited, refused
from tests.vercel.double.state import CANARY, DOMAIN, OTHER, STABLE

PROMOTE, ASSIGN, DELETE = "POST .*/promote/.*", "POST .*/aliases", "DELETE .*"
ANOTHER = "shop.example.com"


@pytest.fixture
async def deployment(turned):
    settings = {**turned.account, "canary": CANARY, "base": STABLE, "commit": "c0ffee0"}
    driver = VercelDeployment(VercelDeployment.Settings.model_validate(settings), turned.clock)
    yield driver
    await driver.aclose()


@pytest.fixture
def over(turned):
    """The release is complete: its canary is production."""
    turned.releases.complete(CANARY)
    return turned


@pytest.fixture
def back(turned):
    """The release was rolled back: the base is production, and new deployments do not follow."""
    turned.releases.roll_back(STABLE)
    turned.releases.settle()
    return turned


def writes(turned):
    return [call for call in turned.double.calls if not call.startswith("GET")]


async def test_while_a_release_is_active_nothing_is_done_to_any_deployment(turned, deployment):
    answers = [await deployment.promote(CANARY), await deployment.alias(ANOTHER), await deployment.remove(STABLE)]

    assert all(isinstance(answer, Refused) for answer in answers)
    assert all(f"a rolling release of {CANARY} is active" in answer.why for answer in answers)
    assert writes(turned) == [] and turned.releases.active


async def test_after_the_end_production_is_the_canary_already_and_nothing_is_sent(over, deployment):
    answer = await deployment.promote(CANARY)

    assert isinstance(answer, Happened) and f"production is served by {CANARY}" in answer.seen
    assert writes(over) == []


async def test_after_a_rollback_promoting_the_base_lets_new_deployments_follow_again(back, deployment):
    assert not back.releases.auto_assign
    answer = await deployment.promote(STABLE)
    again = await deployment.promote(STABLE)

    assert isinstance(answer, Happened) and "new deployments follow again" in answer.seen
    assert isinstance(again, Happened) and back.sent(f"promote/{STABLE}") == 1
    assert back.releases.auto_assign and back.releases.production == STABLE


async def test_promoting_moves_nobody(back, deployment):
    answer = await deployment.promote(CANARY)

    assert isinstance(answer, Refused) and "only the router moves visitors" in answer.why
    assert writes(back) == []


@pytest.mark.parametrize("named", [OTHER, "", "dpl_stabel"])
async def test_a_deployment_that_is_not_the_releases_is_not_touched(back, deployment, named):
    answers = [await deployment.promote(named), await deployment.remove(named)]

    assert all(isinstance(answer, Refused) and "name it once more" in answer.why for answer in answers)
    assert writes(back) == []


async def test_a_promotion_that_vercel_accepts_and_never_does_is_unknown(back, deployment):
    back.releases.promote = lambda named: 202
    begun = back.clock.monotonic()
    answer = await deployment.promote(STABLE)

    assert isinstance(answer, Unknown) and "does not show that new deployments follow" in answer.why
    assert back.sent(f"promote/{STABLE}") == 1 and back.clock.monotonic() - begun < 21


async def test_a_promotion_whose_connection_was_cut_is_looked_up_and_not_sent_again(back, deployment):
    back.double.demands.append(OnDemand(PROMOTE, cut="after", times=1))
    answer = await deployment.promote(STABLE)

    assert isinstance(answer, Happened) and back.sent(f"promote/{STABLE}") == 1


async def test_a_domain_is_given_to_the_canary_once_it_is_production(over, deployment):
    answer = await deployment.alias(ANOTHER)
    again = await deployment.alias(ANOTHER)
    already = await deployment.alias(DOMAIN)

    assert all(isinstance(one, Happened) and f"is served by {CANARY}" in one.seen for one in (answer, again, already))
    assert over.releases.given == {ANOTHER: CANARY} and len(writes(over)) == 1


async def test_a_domain_of_somebody_else_is_refused_with_the_nearest_of_the_projects(over, deployment):
    answer = await deployment.alias("shop.exampel.com")

    assert isinstance(answer, Refused) and "did you mean 'shop.example.com'" in answer.why
    assert writes(over) == []


async def test_before_the_canary_is_production_it_is_given_no_domain(back, deployment):
    answer = await deployment.alias(ANOTHER)

    assert isinstance(answer, Refused) and f"not by the canary {CANARY}" in answer.why
    assert writes(back) == []


async def test_the_base_is_removed_for_good_once_nothing_serves_it(over, deployment):
    answer = await deployment.remove(STABLE)
    again = await deployment.remove(STABLE)

    assert isinstance(answer, Happened) and isinstance(again, Happened) and "gone already" in again.seen
    assert STABLE not in over.releases.deployments
    assert writes(over) == [f"DELETE /v13/deployments/{STABLE}"]


async def test_what_serves_production_is_never_removed(back, deployment):
    answer = await deployment.remove(STABLE)

    assert isinstance(answer, Refused) and "what visitors meet is not removed" in answer.why
    assert writes(back) == [] and STABLE in back.releases.deployments


async def test_the_canary_is_never_removed(over, deployment):
    answer = await deployment.remove(CANARY)

    assert isinstance(answer, Refused) and writes(over) == []


async def test_a_base_that_still_has_a_domain_is_not_removed(over, deployment):
    over.releases.given[ANOTHER] = STABLE
    answer = await deployment.remove(STABLE)

    assert isinstance(answer, Refused) and f"{ANOTHER} is served by {STABLE}" in answer.why
    assert writes(over) == []


async def test_a_removal_whose_connection_was_cut_is_looked_up(over, deployment):
    over.double.demands.append(OnDemand(DELETE, cut="after", times=1))

    assert isinstance(await deployment.remove(STABLE), Happened)


async def test_a_removal_that_is_answered_and_does_not_show_is_unknown(over, deployment):
    over.releases.remove = lambda named: None
    answer = await deployment.remove(STABLE)

    assert isinstance(answer, Unknown) and "is still there" in answer.why


@pytest.mark.parametrize("where", ["GET .*/rolling-release", "GET .*/v9/projects/[^/]+", PROMOTE])
@pytest.mark.parametrize(("status", "kind"), [(401, Refused), (403, Refused), (500, Unknown)])
async def test_trouble_is_told_and_nothing_is_called_done(back, deployment, where, status, kind):
    back.double.demands.append(refused(where, status, "code", "message"))
    answer = await deployment.promote(STABLE)

    assert isinstance(answer, kind) and f"({status})" in answer.why and "code message" in answer.why
    assert not back.releases.auto_assign


async def test_a_limit_is_told_with_its_seconds(over, deployment):
    over.double.demands.append(limited(ASSIGN, 40.0, over.clock.now().timestamp()))
    answer = await deployment.alias(ANOTHER)

    assert isinstance(answer, Refused) and "asked again in 40 s" in answer.why


async def test_without_a_rollout_document_or_a_production_nothing_is_known(over, deployment):
    over.releases.production = ""
    over.releases._note()
    answer = await deployment.remove(STABLE)

    assert isinstance(answer, Unknown) and "does not say what production is served by" in answer.why
    assert writes(over) == []
    over.double.broken.clear()


@pytest.mark.parametrize(
    ("changed", "said"),
    [({"commit": "main"}, "commit's hash"), ({"canary": "canary"}, "dpl_"), ({"tags": "yes"}, "is no setting")],
)
def test_wrong_settings_are_refused(changed, said):
    settings = {"project": "shop", "canary": CANARY, "base": STABLE, "commit": "c0ffee0"}
    with pytest.raises(PlanError, match=said):
        checked(DEPLOYMENTS, "vercel", {**settings, **changed})
