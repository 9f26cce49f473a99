"""Checks of a Vercel account and its project: what is paid for, switched on, there, and can be read."""

from __future__ import annotations

import os
from typing import Literal

from golive.adapters.checks.run import Known, Saw, Unseen
from golive.adapters.checks.vercel_project import VercelProject, through, unseen
from golive.adapters.metrics.vercel import VercelMetrics
from golive.adapters.vercel.inventory import Aliases, Domains, Schema, Team, UserEnvelope, Variables, pages
from golive.adapters.vercel.models import Billing, ConfigEnvelope
from golive.adapters.vercel.trouble import Trouble
from golive.core.scalars import Part, Texts

NOT_PAID_FOR = "plan_not_supported"


class Names(Part):
    """Names of the environment variables that production needs."""

    names: Texts


class Wanted(Part):
    """The domains that visitors come by, and the deployment that they should meet there: the base until the cutover."""

    domains: Texts
    by: Literal["base", "canary"] = "base"


async def account(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether the token is taken, by the team and for the project that the plan names."""
    expected = "a token of the plan's team that reads its project"
    if not os.environ.get(look.settings.token_variable):
        return Saw(
            False, expected, f"{look.settings.token_variable} is empty here, so this process can't roll back alone"
        )
    user = await look.get(UserEnvelope, "/v2/user")
    team = await look.get(Team, f"/v2/teams/{look.settings.team}") if look.settings.team else None
    project = await look.project()
    if isinstance(user, Trouble) or isinstance(team, Trouble) or isinstance(project, Trouble):
        return unseen(expected, user, team, project)
    owner = team.id if team is not None else user.user.id
    seen = f"{user.user.username or user.user.id} reads {project.name or project.id} of {project.accountId}"
    return Saw(project.accountId in ("", owner), expected, seen)


async def plan_allows(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether what is paid for includes rolling releases for this project."""
    expected = "a slot for rolling releases, or this project has it"
    billing = await look.get(Billing, look.rolling + "/billing")
    if isinstance(billing, Trouble):
        return unseen(expected, billing)
    config = await look.get(ConfigEnvelope, look.rolling + "/config")
    on = isinstance(config, ConfigEnvelope) and config.rollingRelease is not None
    free = billing.availableSlots == "unlimited" or (
        isinstance(billing.availableSlots, float) and billing.availableSlots > 0
    )
    seen = f"{billing.availableSlots} slots ({billing.reason}), {'switched on' if on else 'off'} for this project"
    return Saw(billing.reason != NOT_PAID_FOR and (on or free), expected, seen)


async def skew_protection(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether a visitor's page keeps talking to the deployment that it came from."""
    expected = "skew protection on"
    project = await look.project()
    if isinstance(project, Trouble):
        return unseen(expected, project)
    age = project.skewProtectionMaxAge
    return Saw(bool(age), expected, f"on, for {age / 3600:g} h" if age else "off")


async def variables(look: VercelProject, wanted: Names) -> Saw | Unseen:
    """See whether production has each environment variable that it needs; names only."""
    expected = f"{len(wanted.names)} variables in production"
    said = await look.get(Variables, f"/v10/projects/{look.settings.project}/env")
    if isinstance(said, Trouble):
        return unseen(expected, said)
    have = {one.key for one in said.envs if one.in_production}
    missing = sorted(set(wanted.names) - have)
    return Saw(not missing, expected, f"missing: {', '.join(missing)}" if missing else "all are there")


async def domains(look: VercelProject, wanted: Wanted) -> Saw | Unseen:
    """See whether each domain is verified, redirects nowhere, and is served by the deployment that is wanted there."""
    by = look.settings.base if wanted.by == "base" else look.settings.canary
    expected = f"{', '.join(wanted.domains)} verified and served by the {wanted.by}"
    listed = await pages(look.api, Domains, f"/v9/projects/{look.settings.project}/domains")
    served = await look.get(Aliases, f"/v2/deployments/{by}/aliases")
    if isinstance(listed, Trouble) or isinstance(served, Trouble):
        return unseen(expected, listed, served)
    known = {domain.name: domain for page in listed for domain in page.domains}
    wrong = []
    for name in wanted.domains:
        domain = known.get(name)
        if domain is None:
            wrong.append(f"{name} is none of the project's")
        elif not domain.verified:
            wrong.append(f"{name} is not verified")
        elif domain.redirect:
            wrong.append(f"{name} redirects to {domain.redirect[:60]}")
        elif name not in served.names:
            wrong.append(f"{name} is not served by {by}")
    return Saw(not wrong, expected, "; ".join(wrong) or f"all {len(wanted.domains)} are")


async def runtime_log(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether both deployments' runtime logs can be opened."""
    expected, opened = "both runtime logs can be read", 0
    for deployment in (look.settings.base, look.settings.canary):
        path = f"/v1/projects/{look.settings.project}/deployments/{deployment}/runtime-logs"
        async with look.api.lines(path) as answer:
            if isinstance(answer, Trouble):
                return unseen(expected, answer)
            opened += 1
    return Saw(opened == 2, expected, "both were opened")


async def observability(look: VercelProject, _: Part) -> Saw | Unseen:
    """See whether observability has the metrics that the plan asks for."""
    if not isinstance(look.metrics, VercelMetrics):
        return Unseen("the metrics 'vercel'", "the plan's metrics are another source: leave this check out")
    wanted = look.metrics.asks_for
    expected = f"observability has {', '.join(sorted(wanted))}"
    said = await look.get(Schema, "/v2/observability/schema")
    if isinstance(said, Trouble):
        return unseen(expected, said)
    missing = sorted(wanted - said.ids)
    return Saw(not missing, expected, f"it has no {', '.join(missing)}" if missing else f"all of {len(said.ids)}")


KNOWN = {
    "vercel-account": Known("The token is taken for the plan's team and project", through(account)),
    "vercel-plan": Known("What is paid for has rolling releases", through(plan_allows)),
    "vercel-skew-protection": Known("Skew protection is on", through(skew_protection)),
    "vercel-variables": Known("Production has its environment variables", through(variables), Names),
    "vercel-domains": Known("The visitors' domains are served by the right deployment", through(domains), Wanted),
    "vercel-log": Known("The runtime logs can be read", through(runtime_log)),
    "vercel-observability": Known("Observability has the metrics that are asked for", through(observability)),
}
