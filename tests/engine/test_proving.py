"""The proof of a split that visitors can't show by being counted, since each stays where he was put."""

from __future__ import annotations

from collections.abc import Mapping

from golive.adapters.clocks import FakeClock
from golive.core.samples import Version
from golive.engine.proving import DEADLINE, prove_forced
from golive.engine.sources import Inbox
from golive.ports import Sick, Split, Unknown

STABLE, CANARY = Version.STABLE, Version.CANARY


class Seen:
    """What the guard sees: a read-back, and visitors counted so far."""

    def __init__(self, back: Split | Unknown, counted: tuple[int, int] = (0, 0)) -> None:
        self.inbox = Inbox(split=back)
        self._counted = counted

    def requests(self, since: float) -> Mapping[Version, int]:
        return dict(zip(Version, self._counted, strict=True))


class Prober:
    """Meets what it is told to, however it is forced."""

    def __init__(self, **met: Version | Sick) -> None:
        self._met = met
        self.asked: list[Version] = []

    async def forced(self, version: Version) -> Version | Sick:
        self.asked.append(version)
        return self._met.get(version.value, version)


async def proven(prober: Prober, share: float, back: Split | Unknown | None = None, counted: tuple[int, int] = (0, 0)):
    clock = FakeClock()
    begun = clock.monotonic()
    found = await prove_forced(prober, Seen(back or Split(share), counted), clock, share, 0.0)
    return found, clock.monotonic() - begun


async def test_both_versions_met_by_force_and_the_share_read_back_are_a_proof_at_once():
    found, took = await proven(Prober(), 0.05)
    assert (found.result, found.read_back, took) == ("done", 0.05, 0)
    assert "forced to canary: met canary" in found.seen and "forced to stable: met stable" in found.seen


async def test_what_was_counted_is_told_and_called_no_proof():
    found, _ = await proven(Prober(), 0.05, counted=(970, 30))
    assert "30 of 1000 visitors counted so far met the canary, which is no proof of the share" in found.seen
    assert found.counted == {"asked": 1000, "canary": 30, "low": 0.0, "high": 1.0}


async def test_a_request_forced_to_the_canary_that_meets_stable_is_a_failed_proof():
    found, took = await proven(Prober(canary=STABLE), 0.05)
    assert found.result == "failed" and "forced to canary: met stable" in found.seen
    assert took >= DEADLINE


async def test_a_share_that_is_not_read_back_is_a_failed_proof_whatever_is_met():
    found, _ = await proven(Prober(), 0.05, back=Split(0.01))
    assert found.result == "failed" and "reads back 1.00%, wanted 5.00%" in found.seen


async def test_a_protected_or_silent_version_proves_nothing_either_way():
    found, _ = await proven(Prober(canary=Sick("answered 401: behind Deployment Protection")), 0.05)
    assert found.result == "unknown" and "Deployment Protection" in found.seen


async def test_a_router_that_says_nothing_proves_nothing_either_way():
    found, _ = await proven(Prober(), 0.05, back=Unknown("no answer"))
    assert found.result == "unknown" and "reads back nothing" in found.seen


async def test_at_100_percent_there_is_no_stable_to_meet():
    prober = Prober(stable=CANARY)
    found, _ = await proven(prober, 1.0)
    assert found.result == "done" and set(prober.asked) == {CANARY}
    assert "no proof of the share" not in found.seen
