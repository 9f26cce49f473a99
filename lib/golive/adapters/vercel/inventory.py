"""What a project has besides its rolling releases, as far as checks look at it; of variables the names alone."""

from __future__ import annotations

from typing import Literal, TypeVar

from pydantic import Field

from golive.adapters.vercel.api import Api
from golive.adapters.vercel.models import Answered, Id
from golive.adapters.vercel.trouble import Trouble

WITHIN = 3.0
MOST_PAGES = 10


class User(Answered):
    """Whom the token belongs to."""

    id: Id
    username: str = ""


class UserEnvelope(Answered):
    """What `GET /v2/user` answers."""

    user: User


class Team(Answered):
    """A team."""

    id: Id
    slug: str = ""


class Pagination(Answered):
    """`next` goes into the next page's `until`; None at the end."""

    next: float | None = None


class Page(Answered):
    """One page of a list."""

    pagination: Pagination = Pagination()


class Domain(Answered):
    """A domain of the project."""

    name: str
    verified: bool
    redirect: str | None = None


class Domains(Page):
    """What `GET /v9/projects/{id}/domains` answers."""

    domains: list[Domain]


class Listed(Answered):
    """A deployment as lists show it."""

    uid: Id


class Deployments(Page):
    """What `GET /v6/deployments` answers."""

    deployments: list[Listed]


class Variable(Answered):
    """The name of an environment variable and where it is; its value is not even read."""

    key: str
    target: list[str] | str = Field(default_factory=list)

    @property
    def in_production(self) -> bool:
        """Whether production has it."""
        return "production" in ([self.target] if isinstance(self.target, str) else self.target)


class Variables(Answered):
    """What `GET /v10/projects/{id}/env` answers."""

    envs: list[Variable]


class Alias(Answered):
    """A domain that a deployment answers for."""

    alias: str


class Aliases(Answered):
    """What `GET /v2/deployments/{id}/aliases` answers."""

    aliases: list[Alias]

    @property
    def names(self) -> frozenset[str]:
        """The domains."""
        return frozenset(one.alias for one in self.aliases)


class BuildCheck(Answered):
    """A check that an integration runs on a deployment."""

    name: str
    status: Literal["registered", "running", "completed"]
    blocking: bool = False
    conclusion: str = ""

    @property
    def well(self) -> bool:
        """Whether it is over and nothing came of it that should stop anybody."""
        return self.status == "completed" and self.conclusion in ("succeeded", "neutral", "skipped")


class BuildChecks(Answered):
    """What `GET /v1/deployments/{id}/checks` answers."""

    checks: list[BuildCheck]


class Metric(Answered):
    """A metric of observability."""

    id: str


class Schema(Answered):
    """What `GET /v2/observability/schema` answers."""

    metrics: list[Metric]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of all metrics."""
        return frozenset(metric.id for metric in self.metrics)


Pages = TypeVar("Pages", bound=Page)


async def pages(api: Api, model: type[Pages], path: str, **query: str) -> list[Pages] | Trouble:
    """Give a list's pages, ten at most."""
    found: list[Pages] = []
    while len(found) < MOST_PAGES:
        page = await api.get(model, path, WITHIN, False, **query)
        if isinstance(page, Trouble):
            return page
        found.append(page)
        if page.pagination.next is None:
            break
        query = {**query, "until": f"{page.pagination.next:.0f}"}
    return found
