"""A run whose guards died is sealed as truly as any other."""

import dataclasses

from golive import wiring
from golive.archive.verify import Standing, verify
from golive.core.pair import Member
from golive.core.record import Kind
from golive.core.samples import Version
from golive.ports import LookNote
from golive.sealing import seal_run
from tests.builders import sample


def test_samples_that_no_guard_lived_to_digest_are_digested_at_the_seal_and_said_to_be(tmp_path):
    run = wiring.make_run("sandbox", "ada", runs=tmp_path)
    samples = [dataclasses.replace(sample(at, Version.CANARY, 10), routes={}) for at in range(1, 100)]
    fence = run.book.take(Member("guard-1", "host", "boot", 1, 1.0), 0, 5.0)
    run.book.add(samples, LookNote(100.0, "2026-01-01T00:00:00.000Z", {}), fence)
    run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "everybody died"})
    seal_run(run)

    assert verify(run.folder.root).standing is Standing.CONSISTENT
    digests = [entry.body for entry in run.store.read() if entry.kind is Kind.DIGEST]
    assert sum(body["rows"] for body in digests) == 99
    assert all(body["late"] for body in digests)


def test_an_act_that_no_guard_lived_to_resolve_is_sealed_as_what_nobody_knows(tmp_path):
    run = wiring.make_run("sandbox", "ada", runs=tmp_path)
    run.append(Kind.INTENT, {"act": "prove", "request": "", "share": 0.05}, "canary-5")
    run.append(Kind.RUN_CLOSED, {"result": "abandoned", "why": "everybody died"})
    seal_run(run)

    (outcome,) = [entry.body for entry in run.store.read() if entry.kind is Kind.OUTCOME]
    assert (outcome["result"], outcome["late"]) == ("unknown", True)
    assert verify(run.folder.root).standing is Standing.CONSISTENT
