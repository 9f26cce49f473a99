"""What a rollback does not undo, and what its checks see of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from golive.adapters.checks.run import Known, Scene, run_checks
from golive.core.errors import GoLiveError
from golive.core.way_back import AlsoUndo
from golive.ports import Result


async def undone(
    wanted: Sequence[AlsoUndo], known: Mapping[str, Known], scene: Callable[[], Scene]
) -> list[Mapping[str, Any]]:
    """Give name, sentence, result and what was seen of each; never raises: what can't be looked at is not measured.

    The result is that of its check, "not checked" for one that has none.
    """
    uses = [one.check for one in wanted if one.check is not None]
    try:
        findings = iter(await run_checks(uses, dict(known), scene()) if uses else ())
        return [_row(one, next(findings) if one.check is not None else None) for one in wanted]
    except GoLiveError as error:
        why = str(error).splitlines()[0]
        return [{**_row(one, None), "result": Result.COULD_NOT_MEASURE.value, "seen": why} for one in wanted]


def unchecked(wanted: Sequence[AlsoUndo]) -> list[Mapping[str, Any]]:
    """Give the same rows without a look."""
    return [_row(one, None) for one in wanted]


def _row(one: AlsoUndo, finding: Any) -> dict[str, Any]:
    result, seen = (finding.result.value, finding.seen) if finding is not None else ("not checked", "")
    return {"name": one.name, "sentence": one.sentence, "result": result, "seen": seen}
