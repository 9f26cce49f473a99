"""`golive replay`: recorded samples judged again, under any plan."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from golive.cli.main import clear, main
from golive.core.errors import NameUnknown, SamplesWrong
from golive.core.judging.replay import Replay
from golive.core.plan import Plan
from golive.core.recorded import Recorded, of_samples, parse
from golive.core.verdict import Hold, Verdict, Word

DEFAULT = "production"
LARGEST = 200_000_000
PATIENCE = 2.0


@main.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plan", "plan_name", metavar="NAME", help="Judge under this plan; a run's own is the default.")
@click.option("--phase", default="", metavar="NAME", help="Judge everything as one soak of this phase.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, with the evidence.")
@click.option("--picture", type=click.Path(path_type=Path, dir_okay=False), help="Draw the evidence into this PNG.")
@clear
def replay(file: Path, plan_name: str | None, phase: str, as_json: bool, picture: Path | None) -> None:
    """Judge the recorded samples in FILE: a CSV, an archive, or a run. One line for each change of verdict."""
    with _uncollected():
        _replay(file, plan_name, phase, as_json, picture)


def _replay(file: Path, plan_name: str | None, phase: str, as_json: bool, picture: Path | None) -> None:
    from golive.folders import project
    from golive.plans import load

    recorded, own = read(file)
    plan = own if own is not None and plan_name is None else load(plan_name or DEFAULT, project())[0]
    without = recorded.without(plan)
    click.echo(f"plan {plan.name}, {len(recorded.samples)} samples of {file.name}", err=True)
    if without:
        click.echo(f"not judged, nothing was recorded of them: {', '.join(without)}", err=True)
    replaying = Replay(recorded.samples, plan, phase=phase, without=without)
    points: list[tuple[float, str, dict[str, tuple[float, float]]]] = []
    said: tuple[Any, ...] = ()
    second, verdict = 0.0, None
    for second, verdict in _told(replaying, recorded):
        if picture is not None:
            points.append((second, replaying.phase, _shares(replaying, verdict)))
        now = (replaying.phase, verdict.word, verdict.hold, verdict.criterion)
        if now != said:
            said = now
            click.echo(_json(second, replaying, verdict, without) if as_json else _line(second, verdict))
    assert verdict is not None  # a recording holds at least one sample, and so gives a verdict
    if verdict.word is Word.ROLLBACK:
        click.echo(f"ends {second:.0f} s after the first sample: the guard would have sent everybody back", err=True)
    if picture is not None:
        _draw(picture, points, verdict)
        click.echo(f"drew {picture}", err=True)


def read(path: Path) -> tuple[Recorded, Plan | None]:
    """Give what was recorded in a file, an archive or a run, with the run's own plan where there is one.

    Raises:
        NameUnknown: If there is no such file or run.
        SamplesWrong: If there are no samples in it, or none in a form that can be judged.
    """
    from golive import stored
    from golive.adapters.clocks import SystemClock
    from golive.folders import RunFolder, runs_root
    from golive.plans import load_file

    path = path if path.exists() else runs_root() / path
    if not path.exists():
        raise NameUnknown("file or run", path.name, [run.name for run in runs_root().glob("*")])
    if path.is_dir():
        folder = RunFolder(path.resolve())
        if (path / "samples.csv").is_file():
            path = path / "samples.csv"
        elif folder.is_run or folder.book.is_file():
            samples = stored.keeping(folder, SystemClock()).book().samples()
            if not samples:
                raise SamplesWrong(f"{folder.name} has no samples yet\nNEXT     golive status {folder.name}")
            return of_samples(samples), load_file(folder.plan)
        else:
            raise SamplesWrong(f"{path} is no run and no archive: samples.csv was expected\nNEXT     golive status")
    if not path.is_file():
        raise SamplesWrong(f"{path} is no plain file: a CSV was expected\nNEXT     write the samples to a file first")
    if path.stat().st_size > LARGEST:
        size = path.stat().st_size // 1_000_000
        raise SamplesWrong(
            f"{path.name} has {size} MB: at most {LARGEST // 1_000_000} were expected\nNEXT     replay it in parts"
        )
    archived = path.name == "samples.csv" and (path.parent / "record.jsonl").is_file()
    with path.open(encoding="utf-8", newline="") as lines:
        return parse(lines, path.name), load_file(path.parent / "plan.yaml") if archived else None


@contextmanager
def _uncollected() -> Iterator[None]:
    """Look for no cycles meanwhile: a recording has none, and walking it again and again costs a tenth of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _told(replaying: Replay, recorded: Recorded) -> Iterator[tuple[float, Verdict]]:
    """Give the looks, and say how far they are whenever some seconds have passed."""
    begun, last = recorded.samples[0].second, time.monotonic()
    whole = max(recorded.samples[-1].second - begun, 1.0)
    for second, verdict in replaying.looks():
        if time.monotonic() - last > PATIENCE:
            last = time.monotonic()
            click.echo(f"judged {min(second / whole, 1):.0%} of {whole:.0f} s", err=True)
        yield second, verdict


def _line(second: float, verdict: Verdict) -> str:
    criterion = verdict.criterion.replace(": ", ":").replace(" ", "-") or "-"
    return f"{second:.0f} {verdict.word} {criterion} {_reason(verdict)}"


def _reason(verdict: Verdict) -> str:
    if verdict.hold in (None, Hold.SOAKING) or str(verdict.hold) in verdict.reason:
        return verdict.reason
    return f"{verdict.hold}: {verdict.reason}"


def _json(second: float, replaying: Replay, verdict: Verdict, without: tuple[str, ...]) -> str:
    fact = {
        "second": round(second, 3),
        "verdict": verdict.word.value,
        "hold": verdict.hold.value if verdict.hold else None,
        "criterion": verdict.criterion or None,
        "reason": verdict.reason,
        "phase": replaying.phase or None,
        "evidence": {
            name: {"rollback": round(back, 4), "proceed": round(on, 4)}
            for name, (back, on) in _shares(replaying, verdict).items()
        },
        "as_written": verdict.as_written.value,
        "not_judged": list(without),
    }
    return json.dumps(fact, ensure_ascii=False)


def _shares(replaying: Replay, verdict: Verdict) -> dict[str, tuple[float, float]]:
    return {
        reading.criterion: (reading.rollback_evidence, reading.proceed_evidence)
        for reading in verdict.readings
        if reading.criterion in replaying.evidence.counts
    }


def _draw(place: Path, points: list[tuple[float, str, dict[str, tuple[float, float]]]], verdict: Verdict) -> None:
    from golive.pages.evidence import Point, evidence_chart

    drawn = [Point(second, shares) for second, _, shares in points]
    phases = {name: second for second, name, _ in reversed(points)}
    place.write_bytes(evidence_chart(drawn, verdict, phases={second: name for name, second in phases.items()}))
