"""Counts of both versions from Vercel's observability, which is minutes behind and knows times as percentiles."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.metrics.usage import Usage, UsageReader
from golive.adapters.vercel.account import Account, DeploymentId
from golive.adapters.vercel.api import Api
from golive.adapters.vercel.buckets import Answers, Buckets
from golive.adapters.vercel.models import Project
from golive.adapters.vercel.observability import PERCENTILES, Question, Row, rows_of
from golive.adapters.vercel.trouble import Kind, Trouble
from golive.core.errors import PlanError
from golive.core.phases import UNFILLED
from golive.core.plan import Route
from golive.core.samples import CouldNotMeasure, Counters, Gauges, Unmeasured, Version
from golive.core.scalars import PositiveDuration, YesNo
from golive.drivers import Around
from golive.ports import Clock, SourceCan

WITHIN = 10.0  # for one question, which is asked beside the guard's looks
PATIENCE = 2.5  # of the first read
RETRY = 10.0
MARGIN = 5.0
FIRST = 5  # buckets of the first read
MOST = 60  # buckets that are asked for at once
WHY = {Kind.NO_ANSWER: Unmeasured.SLOW, Kind.GARBAGE: Unmeasured.GARBAGE}


def _whole_minutes(value: timedelta) -> timedelta:
    if value % timedelta(minutes=1):
        raise ValueError("whole minutes were expected, for example '1min': Vercel has no smaller bucket")
    return value


def _somebody(value: str) -> str:
    if value in UNFILLED:
        raise ValueError(
            "the name of who accepts that these counts are minutes behind was expected; "
            "a plan that nobody accepts that for names a faster source, for example driver: prometheus"
        )
    return value


def _dimension(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w/]{0,99}", value):
        raise ValueError("the name of a dimension was expected, for example 'deployment_id'")
    return value


def _metric(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]{0,199}", value):
        raise ValueError("the id of a metric was expected, for example 'vercel.request.count'")
    return value


Dimension = Annotated[str, AfterValidator(_dimension)]
Metric = Annotated[str, AfterValidator(_metric)]


class VercelMetrics:
    """`golive.ports.MetricSource` on `POST /v2/observability/query`, a paid add-on (Observability Plus).

    No read but the first waits for Vercel: questions are asked beside it, once for each bucket. Until a
    newer bucket is finished and `lag` has passed, the same counts come again. Times are percentiles of function
    invocations, so that the requests over a limit are the most that there can have been.
    """

    can = SourceCan()

    class Settings(Account):
        """Where counts are, and who accepts that they are late.

        Attributes:
            stable, canary: The ids of the two deployments.
            slow_guard_accepted_by: Name of who accepts that failures are seen minutes late.
            lag: How long after a bucket's end its counts are whole.
            granularity: Length of a bucket, in whole minutes.
            requests, invocations, duration: Ids of metrics; the last two belong together.
            deployment, status, route: Names of dimensions.
            filter: An OData filter that all questions have.
            visitors_only: Whether `filter` leaves requests of ours out.
            usage: Where versions tell CPU and memory themselves; Vercel tells neither.
        """

        stable: DeploymentId
        canary: DeploymentId
        slow_guard_accepted_by: Annotated[str, AfterValidator(_somebody)]
        lag: PositiveDuration = timedelta(minutes=5)
        granularity: Annotated[PositiveDuration, AfterValidator(_whole_minutes)] = timedelta(minutes=1)
        requests: Metric = "vercel.request.count"
        invocations: Metric = "vercel.function_invocation.count"
        duration: Metric = "vercel.function_invocation.function_duration_ms"
        deployment: Dimension = "deployment_id"
        status: Dimension = "http_status"
        route: Dimension = "route"
        filter: str = "environment eq 'production'"
        visitors_only: YesNo = False
        usage: Usage | None = None

    @classmethod
    def made(cls, settings: Settings, around: Around) -> VercelMetrics:
        """Give the source that a plan's settings describe.

        Raises:
            PlanError: If a critical route of the plan has a limit for times: observability gives none by route.
        """
        timed = [route.name for route in around.planned.routes if route.over_1000ms is not None]
        if timed:
            raise PlanError(f"route {timed[0]}: over_1000ms can't be measured by metrics driver 'vercel': leave it out")
        return cls(settings, around.clock, around.planned.routes)

    def __init__(self, settings: Settings, clock: Clock, routes: Sequence[Route] = ()) -> None:
        self._settings, self._clock, self._routes = settings, clock, routes
        self._bucket = settings.granularity.total_seconds()
        self._lag = settings.lag.total_seconds()
        self.can = SourceCan(self._lag + self._bucket + MARGIN + WITHIN, self._bucket, settings.visitors_only)
        self.api = Api(settings, clock)
        self._buckets = Buckets({Version.STABLE: settings.stable, Version.CANARY: settings.canary})
        self._usage = UsageReader(settings.usage) if settings.usage is not None else None
        self._asking: asyncio.Task[Counters | CouldNotMeasure] | None = None
        self._newest: Counters | CouldNotMeasure | None = None
        self._counted: Counters | None = None
        self._next, self._until, self._patience = 0.0, 0.0, PATIENCE
        self._project: Project | None = None

    @property
    def asks_for(self) -> frozenset[str]:
        """The ids of the metrics that are asked for."""
        said = self._settings
        return frozenset({said.requests, said.invocations, said.duration})

    async def read(self) -> Counters | CouldNotMeasure:
        """Give the newest counts, or why there are none."""
        if self._asking is None and self._clock.monotonic() >= self._next:
            self._asking = asyncio.create_task(self._ask())
        if self._asking is not None:
            await asyncio.wait({self._asking}, timeout=self._patience)
            self._patience = 0.0
            if self._asking.done():
                self._newest, self._asking = self._asking.result(), None
        return self._newest or CouldNotMeasure(Unmeasured.SLOW, "observability has not answered yet")

    async def aclose(self) -> None:
        """Ask nothing any more, and close the connections."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)
            self._asking = None
        await self.api.aclose()
        if self._usage is not None:
            await self._usage.aclose()

    async def _ask(self) -> Counters | CouldNotMeasure:
        now = self._clock.now().timestamp()
        end = (now - self._lag) // self._bucket * self._bucket
        first = self._until or end - FIRST * self._bucket
        begins = [first + number * self._bucket for number in range(round((end - first) / self._bucket))][:MOST]
        if not begins:
            self._next = self._clock.monotonic() + RETRY
            return self._counted or CouldNotMeasure(Unmeasured.EMPTY, "no bucket is finished yet")
        answers = await self._answers(begins[0] - self._bucket, begins[-1] + self._bucket)
        if isinstance(answers, CouldNotMeasure):
            return answers
        wrong = self._buckets.take(answers, begins)
        if wrong is not None:
            self._next = self._clock.monotonic() + RETRY
            return wrong
        self._until = begins[-1] + self._bucket
        now, moment = self._clock.now().timestamp(), self._clock.monotonic()
        self._next = moment + max(RETRY, self._until + self._bucket + self._lag + 1 - now)
        gauges = await self._usage.read() if self._usage is not None else dict.fromkeys(Version, Gauges())
        tallies, routes = dict(self._buckets.tallies), {v: dict(of) for v, of in self._buckets.routes.items()}
        self._counted = Counters(moment - (now - self._until), tallies, gauges, routes, self._until, self.api.skew)
        return self._counted

    async def _answers(self, start: float, end: float) -> Answers | CouldNotMeasure:
        if self._project is None:
            project = await self.api.get(Project, f"/v9/projects/{self._settings.project}")
            if isinstance(project, Trouble):
                return self._unmeasured(project)
            self._project = project
        owner, project_id = self._settings.team or self._project.accountId, self._project.id
        found: list[Sequence[Row]] = []
        questions = self._questions(start, end)
        for answer in await asyncio.gather(*(self._asked(one, owner, project_id) for one in questions)):
            if isinstance(answer, CouldNotMeasure):
                return answer
            found.append(answer)
        counts, timed, *rest = found
        quantiles = dict(zip(PERCENTILES, rest, strict=False))
        routes = zip((route.name for route in self._routes), rest[len(PERCENTILES) :], strict=True)
        return Answers(counts, timed, quantiles, dict(routes))

    def _questions(self, start: float, end: float) -> list[Question]:
        said, minutes = self._settings, round(self._bucket / 60)

        def question(metric: str, aggregation: str, status: str = "", more: str = "") -> Question:
            wanted = " and ".join(text for text in (said.filter, more) if text)
            return Question(metric, aggregation, said.deployment, start, end, minutes, status, wanted)

        quoted = [route.path.replace("'", "''") for route in self._routes]
        return [
            question(said.requests, "sum", said.status),
            question(said.invocations, "sum"),
            *(question(said.duration, f"p{percentile}") for percentile in PERCENTILES),
            *(question(said.requests, "sum", said.status, f"{said.route} eq '{path}'") for path in quoted),
        ]

    async def _asked(self, question: Question, owner: str, project: str) -> list[Row] | CouldNotMeasure:
        body = question.body(owner, project)
        answer = await self.api.send("POST", "/v2/observability/query", body, within=WITHIN)
        return self._unmeasured(answer) if isinstance(answer, Trouble) else rows_of(answer, question)

    def _unmeasured(self, trouble: Trouble) -> CouldNotMeasure:
        self._next = self._clock.monotonic() + max(RETRY, trouble.wait)
        return CouldNotMeasure(WHY.get(trouble.kind, Unmeasured.REFUSED), trouble.why)
