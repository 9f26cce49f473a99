"""Whether people and the way back are ready: who has answered, and what a rollback would do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from golive.adapters.checks.asking import Site, at, json_in, measuring
from golive.adapters.checks.operations import moment_of
from golive.adapters.checks.run import Known, NoSettings, Saw, Scene, Unseen
from golive.adapters.reports.origin import of_time
from golive.adapters.reports.reading import ReportTrouble
from golive.core.samples import Version
from golive.core.scalars import Part, PositiveDuration, Texts
from golive.core.units import say_duration
from golive.ports import Alive, Split

SHOWN = 4
BY_HAND = "work/ROLLBACK.txt"


class TeamSettings(Part):
    """Where it is said when each role has answered: an object of roles at `answered`, each with a time.

    `roles` are those that must have; none means all of the plan's.
    """

    endpoint: str = ""
    answered: str = "/answered"
    roles: Texts = ()
    not_older_than: PositiveDuration = timedelta(minutes=30)


@measuring("an answer of each role")
async def team_on_standby(scene: Scene, wanted: TeamSettings) -> Saw:
    """See whether each role has a person who has answered lately."""
    assert scene.plan is not None
    roles = wanted.roles or tuple(scene.plan.roles)
    strange = [role for role in roles if role not in scene.plan.roles]
    if strange:
        raise ReportTrouble(
            f"the plan has no role {strange[0]!r}", f"name roles of the plan: {', '.join(scene.plan.roles)}"
        )
    if not wanted.endpoint:
        raise ReportTrouble("nobody has asked them", "call each, then go.attest(...) with who has answered")
    answers = at(json_in(await Site("").ask(wanted.endpoint, tries=2)), wanted.answered)
    if not isinstance(answers, Mapping):
        raise ReportTrouble("it gives no object of roles", "mend the pointer `answered` of this line")
    missing = [
        f"{role} ({scene.plan.roles[role].name}): {why}"
        for role in roles
        if (why := _silent(scene, wanted, answers, role))
    ]
    expected = f"{len(roles)} roles have answered in the last {say_duration(wanted.not_older_than)}"
    seen = "; ".join(missing[:SHOWN]) if missing else "all have"
    then = "call who is missing, or name a deputy in a new plan, before T0"
    return Saw(not missing, expected, seen, {"roles": list(roles), "missing": len(missing)}, then)


def _silent(scene: Scene, wanted: TeamSettings, answers: Mapping[str, object], role: str) -> str:
    """Say why a role does not count as answered; "" when it does."""
    if role not in answers or answers[role] is None:
        return "no answer"
    wrong = of_time(moment_of(answers[role]), scene.clock.now(), wanted.not_older_than)
    return f"answered, {wrong.why}" if wrong else ""


async def rollback_dry_run(scene: Scene, nothing: NoSettings) -> Saw | Unseen:
    """See what a rollback would do now, up to the call that moves anybody, and whether each part of it is there."""
    expected = "the router answers as this run's, stable is healthy, the commands by hand are there"
    split = await scene.router.read()
    if not isinstance(split, Split):
        return Unseen(expected, f"the router does not answer: {split.why}", "see why; a rollback would go on trying")
    wrong = []
    if scene.claim and split.claim and split.claim != scene.claim:
        wrong.append(f"the router is claimed by {split.claim}")
    stable = await scene.health.probe(Version.STABLE)
    if not isinstance(stable, Alive):
        wrong.append(f"stable: {stable.why}")
    by_hand = scene.folder / BY_HAND
    if not by_hand.is_file() or not by_hand.read_text(encoding="utf-8").strip():
        wrong.append(f"{BY_HAND} is missing")
    would = f"would send {split.share:.2%} of the visitors back"
    seen = "; ".join(wrong) if wrong else f"{would}, to {stable.deployment if isinstance(stable, Alive) else 'stable'}"
    evidence = {"share": split.share, "claim": split.claim, "canary": split.canary, "by_hand": by_hand.is_file()}
    return Saw(not wrong, expected, seen, evidence, "mend it now: until then nobody can go back")


KNOWN = {
    "team-on-standby": Known("The response team is on standby", team_on_standby, TeamSettings),
    "rollback-dry-run": Known("A rollback would work now", rollback_dry_run),
}
