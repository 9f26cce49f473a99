"""Whether a site answers as healthy wherever it stands: a staging, other regions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from golive.adapters.checks.asking import Site, json_in, measuring, text_at
from golive.adapters.checks.run import Known, Saw, Scene
from golive.adapters.reports.reading import ReportTrouble
from golive.core.plain import plain
from golive.core.scalars import Count, Part, Texts

SHOWN = 3
MOST, AT_ONCE = 50, 10
TRIES = 2


def _some(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not 0 < len(addresses) <= MOST or not all("://" in address for address in addresses):
        raise ValueError(f"from 1 to {MOST} addresses were expected, for example https://staging.example/api/health")
    return addresses


class HealthySettings(Part):
    """Addresses, the status that each has to answer, and what has to stand in its JSON: pointer and value."""

    addresses: Annotated[Texts, AfterValidator(_some)]
    status: Count = 200
    expected: dict[str, str] = Field(default_factory=dict)


@measuring("addresses that answer")
async def healthy(scene: Scene, wanted: HealthySettings) -> Saw:
    """See whether every address answers with the status, and the JSON, that a healthy one has."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def one(address: str) -> tuple[str, Mapping[str, Any]]:
        async with turn:
            return await _look(address, wanted)

    came = dict(zip(wanted.addresses, await asyncio.gather(*map(one, wanted.addresses)), strict=True))
    sick = [f"{plain(address, 80)}: {why}" for address, (why, _) in came.items() if why]
    parts = [str(wanted.status), *(f"{pointer} {value}" for pointer, value in wanted.expected.items())]
    seen = "; ".join(sick[:SHOWN]) + (f" and {len(sick) - SHOWN} more" if len(sick) > SHOWN else "")
    evidence = {plain(address, 100): said for address, (_, said) in came.items()}
    expected = f"{', '.join(parts)} at {len(came)} addresses"
    return Saw(not sick, expected, seen or "all are healthy", evidence, "mend what is sick there, and look again")


async def _look(address: str, wanted: HealthySettings) -> tuple[str, Mapping[str, Any]]:
    """Give what is wrong with one address, "" when nothing is, and what to keep of its answer."""
    try:
        answer = await Site("").ask(address, tries=TRIES)
        if answer.status_code != wanted.status:
            return f"answered {answer.status_code}", {"status": answer.status_code}
        kept: dict[str, Any] = {"status": answer.status_code}
        if not wanted.expected:
            return "", kept
        data = json_in(answer, wanted.status)
    except ReportTrouble as trouble:
        return trouble.why.removeprefix(f"{plain(address, 120)}: "), {}
    kept |= {pointer: text_at(data, pointer) for pointer in wanted.expected}
    wrong = [f"{pointer} is {kept[pointer]}" for pointer, value in wanted.expected.items() if kept[pointer] != value]
    return ", ".join(wrong), kept


KNOWN = {"healthy": Known("It is healthy everywhere", healthy, HealthySettings)}
