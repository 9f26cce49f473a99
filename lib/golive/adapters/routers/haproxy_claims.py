"""Whose go-live a HAProxy shows: a variable of each process, compared and set in one command."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence

from golive.adapters.routers.haproxy_commands import claim as commands
from golive.adapters.routers.haproxy_process import CLAIM, NOBODY, HaproxyProcess, Standing
from golive.ports import Refused, Unknown

WRITABLE = re.compile(r"[A-Za-z0-9_.@:-]{0,150}")


def shown_by(standings: Sequence[Standing]) -> str:
    """Give the claim that the processes show, "" for none; one that was restarted shows none: the others count."""
    return " and ".join(sorted({standing.claim for standing in standings} - {""}))


async def claim(
    processes: Sequence[HaproxyProcess], standings: Sequence[Standing], whose: str, expect: str
) -> list[Standing] | Refused | Unknown:
    """Make every process show `whose` if together they show `expect`, else leave them alone; give what stands then."""
    if not WRITABLE.fullmatch(whose) or whose == NOBODY:
        return Refused(f"{whose[:100]!r} can't be written into HAProxy: letters, digits and _ . @ : - were expected")
    if shown_by(standings) != expect:
        return list(standings)
    said = await asyncio.gather(
        *(
            process.change(commands(CLAIM, whose or NOBODY, standing.claim or NOBODY))
            for process, standing in zip(processes, standings, strict=True)
        )
    )
    seen = await asyncio.gather(*(process.read() for process in processes))
    after = [one for one in seen if isinstance(one, Standing)]
    troubles = [one.why for one in (*said, *seen) if isinstance(one, Refused | Unknown)]
    if not troubles and all(one.claim == whose for one in after):
        return after
    await asyncio.gather(
        *(
            process.change(commands(CLAIM, standing.claim or NOBODY, whose or NOBODY))
            for process, standing in zip(processes, standings, strict=True)
        )
    )
    if not troubles:
        return after
    why = "; ".join(dict.fromkeys(troubles))
    return Refused(why) if any(isinstance(one, Refused) for one in said) else Unknown(why)
