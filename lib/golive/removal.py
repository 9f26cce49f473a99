"""Remove stable's deployment after the end of a run: no guard is left to ask, so who asks does it.

The archive is sealed by then, so that what was meant and what came of it are two addenda, chained to its seal.
"""

from __future__ import annotations

from typing import Any

from golive import wiring
from golive.archive import manifest
from golive.archive.addenda import add_content
from golive.core.canonical import canonical
from golive.core.errors import Stopped
from golive.core.moments import utc
from golive.core.order import Step, Stop, may
from golive.engine.deploying import carry_out
from golive.run import Run


async def remove(run: Run, deployment: str, because: str, attended: bool) -> tuple[str, str]:
    """Remove the deployment that is named and give "done", "refused" or "unknown", and what was seen.

    Args:
        attended: Whether a person is at the keyboard.

    Raises:
        Stopped: If the record does not allow it, the archive is not sealed, or nobody is there; nothing was done.
        ArchiveBroken, OSError: If the intent could not be written down; nothing was done.
    """
    name = run.folder.name
    allowed = may(run.state(), Step.REMOVE, "", run.clock.moment())
    if isinstance(allowed, Stop):
        raise allowed.error()
    if not (run.folder.root / manifest.SEAL).is_file():
        raise Stopped(f"{name} is not sealed, so nothing could be added to what it tells", f"golive seal {name}")
    if not (attended or run.plan.unattended or run.plan.own_world):
        raise Stopped("nobody is at the keyboard, and what is removed can't be had back", "type it in a terminal")
    body = {"act": str(Step.REMOVE), "name": deployment, "because": because}
    intent = _add(run, "intent", body)
    driver = wiring.deployment(run)
    result, seen = await carry_out(driver, Step.REMOVE, deployment, because)
    _add(run, "outcome", {**body, "intent": intent, "result": result, "seen": seen})
    return result, seen


def _add(run: Run, what: str, body: dict[str, Any]) -> str:
    """Add one side of the bracket to the archive, and give its file's name."""
    content = canonical({**body, "who": run.who.to_json()})
    at, because = utc(run.clock.now()), f"{what}: {body['act']} {body['name']}, {body['because']}"
    return add_content(run.folder.root, f"remove-{what}.json", content, who=run.who.name, because=because, at=at).name
