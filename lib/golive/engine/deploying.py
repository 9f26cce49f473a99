"""What becomes of a release's deployments, as the record calls it: a result, and what was seen."""

from __future__ import annotations

import asyncio

from golive.core.order import Step
from golive.ports import Deployment, Happened, Refused, Unknown

DEADLINE = 40.0


async def carry_out(deployment: Deployment | None, act: str, name: str, because: str) -> tuple[str, str]:
    """Do one act by a plan's driver and give "done", "refused" or "unknown", and what was seen."""
    if deployment is None:
        return "refused", f"the plan names no deployment, so there is nothing to {act}"
    try:
        async with asyncio.timeout(DEADLINE):
            answer = await _asked(deployment, act, name, because)
    except TimeoutError:
        return "unknown", f"no answer in {DEADLINE:.0f} s"
    if isinstance(answer, Happened):
        return "done", answer.seen
    return answer.__class__.__name__.lower(), answer.why


async def _asked(deployment: Deployment, act: str, name: str, because: str) -> Happened | Refused | Unknown:
    match act:
        case Step.TAG:
            return await deployment.tag(name, because)
        case Step.PROMOTE:
            return await deployment.promote(name)
        case Step.ALIAS:
            return await deployment.alias(name)
        case Step.REMOVE:
            return await deployment.remove(name)
        case _:
            return Refused(f"{act!r} is nothing that can be done to a deployment")
