"""Checks by a command: smoke tests of any runner, pending migrations, and the deployment's tag in Git."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from golive.adapters.checks.asking import at
from golive.adapters.checks.run import Known, Saw, Scene, Unseen
from golive.adapters.marked_commands import CommandTrouble, Ran, run
from golive.adapters.reports.origin import is_commit, of_time
from golive.adapters.reports.reading import ReportTrouble, json_of, report_at
from golive.adapters.reports.tests import tests_of
from golive.core.plain import plain
from golive.core.scalars import Count, Part, Texts, YesNo

CLEANLY = "status 0"
CLOSE = timedelta(seconds=2)
SHOWN = 3
NO_STATUS = (126, 127)
EMPTY: tuple[Any, ...] = (0, False, [], {}, "", None)
GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "color.ui=false")
QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_ASKPASS": "true", "GIT_SSH_COMMAND": "ssh -o BatchMode=yes", "LC_ALL": "C"}


class SmokeSettings(Part):
    """The command (no shell reads it), the folder it runs in, and the report that it writes, where it writes one.

    Without a report its exit status alone says whether it passed.
    """

    command: Texts
    folder: str = ""
    report: str = ""
    at_least: Count = 1


class MigrationSettings(Part):
    """A command that ends with status 0 when nothing is pending, or an endpoint and where in its JSON that stands.

    `pending` and `applied` are JSON pointers (RFC 6901): to what has to be empty or 0, and to what must not be.
    """

    command: Texts = ()
    folder: str = ""
    endpoint: str = ""
    pending: str = "/pending"
    applied: str = ""


class TagSettings(Part):
    """The work tree, which tags count, the remote that has to have it, and whether it has to be signed."""

    folder: str
    tags: str = "v*-canary"
    remote: str = "origin"
    signed: YesNo = False


async def smoke(scene: Scene, wanted: SmokeSettings) -> Saw | Unseen:
    """See whether a command ends well, and the report that it has just written says that every test passed."""
    expected = CLEANLY + (f" and {wanted.at_least} tests or more, all passed" if wanted.report else "")
    begun = scene.clock.now()
    try:
        ran = await run(wanted.command, scene.base / wanted.folder)
    except CommandTrouble as trouble:
        return Unseen(expected, str(trouble), "run it by hand, and mend the command of this line")
    seen, evidence = _said(ran), _of(ran)
    if ran.status in NO_STATUS:
        return Unseen(expected, seen, "run it by hand, and mend the command of this line", evidence)
    by_hand = f"run it by hand: {' '.join(wanted.command)}"
    if not wanted.report:
        return Saw(ran.status == 0, expected, seen, evidence, by_hand)
    try:
        report = await report_at(wanted.report, scene.base)
        told = await asyncio.to_thread(tests_of, report)
    except ReportTrouble as trouble:
        if ran.status != 0:
            return Saw(False, expected, seen, evidence, by_hand)
        return Unseen(expected, f"{seen}; {trouble.why}", trouble.then, evidence)
    evidence |= {"report": report.address, "report_sha256": report.sha256, "failing": list(told.failing[:20])}
    length = timedelta(seconds=ran.seconds) + CLOSE
    wrong = next((one for at in told.times if (one := of_time(at, scene.clock.now(), length))), None)
    if wrong is not None:
        why = f"{seen}; its report is not of this run, which began at {begun:%H:%M:%S}: {wrong.why}"
        return Saw(False, expected, why, evidence, "let the command write the report that the line names")
    good = not (told.failed or told.errors or told.flaky or told.skipped) and told.passed >= wanted.at_least
    counted = f"{told.passed} passed, {told.failed} failed, {told.flaky} flaky, {told.skipped} skipped"
    counted += f": {', '.join(told.failing[:SHOWN])}" if told.failing else ""
    return Saw(good and ran.status == 0, expected, f"{seen}; {counted}", evidence, "mend what they found")


async def migrations(scene: Scene, wanted: MigrationSettings) -> Saw | Unseen:
    """See whether no migration of the database is pending."""
    if bool(wanted.command) == bool(wanted.endpoint):
        return Unseen("a command or an endpoint", "the line names both or neither", "give one of them")
    if wanted.command:
        return await _by_command(scene, wanted)
    expected = "no migration pending"
    try:
        report = await report_at(wanted.endpoint, scene.base)
        data = await asyncio.to_thread(json_of, report)
        pending = at(data, wanted.pending)
        applied = at(data, wanted.applied) if wanted.applied else None
    except ReportTrouble as trouble:
        return Unseen(expected, trouble.why, trouble.then)
    evidence = {"endpoint": report.address, "sha256": report.sha256}
    none_applied = bool(wanted.applied) and applied in EMPTY
    left = f"{len(pending)} pending" if isinstance(pending, list | dict) else f"pending: {plain(pending, 60)}"
    seen = left + (f", {plain(len(applied) if isinstance(applied, list) else applied, 40)} applied" if applied else "")
    good = pending in EMPTY and pending is not None and not none_applied
    return Saw(good, expected, seen, evidence, "apply them in staging, and test there")


async def _by_command(scene: Scene, wanted: MigrationSettings) -> Saw | Unseen:
    expected = f"{CLEANLY}: no migration pending"
    try:
        ran = await run(wanted.command, scene.base / wanted.folder)
    except CommandTrouble as trouble:
        return Unseen(expected, str(trouble), "run it by hand, and mend the command of this line")
    if ran.status in NO_STATUS:
        return Unseen(expected, _said(ran), "run it by hand, and mend the command of this line", _of(ran))
    return Saw(ran.status == 0, expected, _said(ran), _of(ran), "apply them in staging, and test there")


async def tagged(scene: Scene, wanted: TagSettings) -> Saw | Unseen:
    """See whether the release's commit has a deployment's tag, pushed, on a clean tree, and signed where it must be."""
    expected = f"a tag {wanted.tags} on the release's commit, at {wanted.remote}, the tree clean"
    expected += ", signed" if wanted.signed else ""
    if not is_commit(scene.commit):
        return Unseen(expected, "the plan's release.commit is no commit", "put the release's Git hash there")
    create = f"git tag -a v$(date +%Y%m%d-%H%M%S)-canary -m 'Canary deployment' {scene.commit[:12]}"
    try:
        dirty = (await _git(scene, wanted, "status", "--porcelain")).splitlines()
        if dirty:
            seen = f"{len(dirty)} files are not committed: {plain(dirty[0][3:], 80)}"
            return Saw(False, expected, seen, {}, "commit or take away what git status names")
        names = (await _git(scene, wanted, "tag", "--points-at", scene.commit, "--list", wanted.tags)).split()
        if not names:
            return Saw(False, expected, f"no such tag on {scene.commit[:12]}", {}, create)
        name = sorted(names)[-1]
        local = (await _git(scene, wanted, "rev-parse", f"refs/tags/{name}")).strip()
        kind = (await _git(scene, wanted, "cat-file", "-t", local)).strip()
        remote = (await _git(scene, wanted, "ls-remote", wanted.remote, f"refs/tags/{name}")).split()
        signed = await _verified(scene, wanted, name) if wanted.signed else ""
    except CommandTrouble as trouble:
        return Unseen(expected, str(trouble), f"run git by hand in {wanted.folder}")
    evidence = {"tag": name, "object": local, "commit": scene.commit}
    if kind != "tag":
        return Saw(False, expected, f"{name} is a lightweight tag, of nobody and no time", evidence, create)
    push = f"git push {wanted.remote} refs/tags/{name}"
    if not remote or remote[0] != local:
        seen = f"{name} is {'another one' if remote else 'not'} at {wanted.remote}"
        return Saw(False, expected, seen, evidence, push if not remote else "find out who moved the tag")
    if signed:
        return Saw(
            False, expected, f"{name}: {signed}", evidence, f"git tag -s -f {name} {scene.commit[:12]} && {push}"
        )
    return Saw(True, expected, f"{name} on {scene.commit[:12]}, at {wanted.remote}", evidence)


async def _git(scene: Scene, wanted: TagSettings, *arguments: str) -> str:
    ran = await run((*GIT, *arguments), scene.base / wanted.folder, QUIET)
    if ran.status != 0:
        raise CommandTrouble(f"git {arguments[0]}: {ran.last_line or f'status {ran.status}'}")
    return ran.head.decode("utf-8", "replace")


async def _verified(scene: Scene, wanted: TagSettings, name: str) -> str:
    """Give why a tag's signature does not hold; "" when it does."""
    ran = await run((*GIT, "verify-tag", name), scene.base / wanted.folder, QUIET)
    return "" if ran.status == 0 else f"its signature does not hold: {ran.last_line}"


def _said(ran: Ran) -> str:
    how = f"status {ran.status}" if ran.status >= 0 else f"ended by signal {-ran.status}"
    left = f", left {ran.left} processes that were ended" if ran.left else ""
    last = f": {plain(ran.last_line, 120)}" if ran.last_line and ran.status else ""
    return f"{how} after {ran.seconds:.1f} s{left}{last}"


def _of(ran: Ran) -> dict[str, Any]:
    kept: Mapping[str, Any] = {"status": ran.status, "printed": ran.printed, "sha256": ran.sha256, "left": ran.left}
    return dict(kept)


KNOWN = {
    "smoke-tests": Known("Smoke tests pass", smoke, SmokeSettings),
    "migrations": Known("No migration of the database is pending", migrations, MigrationSettings),
    "git-tag": Known("The release has its tag", tagged, TagSettings),
}
