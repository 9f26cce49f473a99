"""Asks a Prometheus, or what speaks its HTTP API: one instant query at a time, bounded in time and size."""

from __future__ import annotations

import os
import re
import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Self

import httpx
from pydantic import AfterValidator, model_validator

from golive.adapters.prometheus_answers import Series, data_of, numbers_of, series_of, tame
from golive.core.samples import CouldNotMeasure, Unmeasured
from golive.core.scalars import Part, PositiveDuration

LARGEST = 8_000_000


def _address(value: str) -> str:
    if "{world." in value:  # filled in when the run's world is there, and checked then
        return value
    try:
        url = httpx.URL(value)
    except httpx.InvalidURL:
        url = httpx.URL("")
    if url.userinfo:
        raise ValueError(
            "credentials never stand in a plan: name their variables with user_variable, password_variable"
        )
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ValueError("an address was expected, for example 'http://127.0.0.1:9090'")
    return value.rstrip("/")


def _variable(value: str) -> str:
    if value and not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise ValueError("the name of an environment variable was expected, for example 'PROMETHEUS_TOKEN'")
    return value


def _header(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9-]+", value):
        raise ValueError("the name of a header was expected, for example 'X-Scope-OrgID'")
    return value


VariableName = Annotated[str, AfterValidator(_variable)]


class Connection(Part):
    """How a Prometheus is reached; secrets stand in environment variables that are named here.

    Attributes:
        url: Its address, with the path before `/api/v1` if there is one.
        bearer_variable: Variable that holds a bearer token; "" for none.
        user_variable, password_variable: Variables of basic authentication; "" for none.
        ca_file: Certificates that its own is checked against; "" for the system's.
        tenant, tenant_header: Value and name of a tenant's header; no header when tenant is "".
        deadline: How long one read may take as a whole.
    """

    url: Annotated[str, AfterValidator(_address)]
    bearer_variable: VariableName = ""
    user_variable: VariableName = ""
    password_variable: VariableName = ""
    ca_file: str = ""
    tenant: str = ""
    tenant_header: Annotated[str, AfterValidator(_header)] = "X-Scope-OrgID"
    deadline: PositiveDuration = timedelta(seconds=2)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if bool(self.user_variable) != bool(self.password_variable):
            raise ValueError("user_variable and password_variable belong together")
        if self.bearer_variable and self.user_variable:
            raise ValueError("bearer_variable or user_variable: one of them, not both")
        return self


class PrometheusApi:
    """One Prometheus. Every trouble is a `CouldNotMeasure`; nothing is raised."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._client: httpx.AsyncClient | None = None

    async def series(self, selector: str, seconds: float) -> list[Series] | CouldNotMeasure:
        """Give the scraped points of the last `seconds` of every series that a plain selector names."""
        data = await self._ask(f"{selector}[{max(1, round(seconds * 1000))}ms]")
        found = data if isinstance(data, CouldNotMeasure) else series_of(data)
        return _of(selector, found) if isinstance(found, CouldNotMeasure) else found

    async def numbers(self, expression: str) -> list[float] | CouldNotMeasure:
        """Give the values that an expression has now."""
        data = await self._ask(expression)
        found = data if isinstance(data, CouldNotMeasure) else numbers_of(data)
        return _of(expression, found) if isinstance(found, CouldNotMeasure) else found

    async def aclose(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def _ask(self, query: str) -> dict[str, Any] | CouldNotMeasure:
        headers = self._headers()
        if isinstance(headers, CouldNotMeasure):
            return headers
        try:
            self._client = self._client or self._made()
            url = f"{self._connection.url}/api/v1/query"
            async with self._client.stream("POST", url, data={"query": query}, headers=headers) as answer:
                content = bytearray()
                async for part in answer.aiter_bytes():
                    content += part
                    if len(content) > LARGEST:
                        return CouldNotMeasure(Unmeasured.GARBAGE, f"answered more than {LARGEST:,} bytes")
            return self._hinted(answer.status_code, data_of(answer.status_code, bytes(content)))
        except httpx.TimeoutException:
            seconds = self._connection.deadline.total_seconds()
            return CouldNotMeasure(Unmeasured.SLOW, f"did not answer in {seconds:g} s")
        except httpx.HTTPError as error:
            why = tame(str(error)) or type(error).__name__
            return CouldNotMeasure(Unmeasured.REFUSED, f"could not be reached at {self._connection.url}: {why}")
        except OSError as error:  # the CA file; ssl.SSLError is one
            return CouldNotMeasure(Unmeasured.REFUSED, f"ca_file {self._connection.ca_file!r}: {tame(str(error))}")

    def _made(self) -> httpx.AsyncClient:
        context: ssl.SSLContext | bool = True
        if self._connection.ca_file:
            context = ssl.create_default_context(cafile=str(Path(self._connection.ca_file).expanduser()))
        return httpx.AsyncClient(timeout=self._connection.deadline.total_seconds(), verify=context)

    def _headers(self) -> httpx.Headers | CouldNotMeasure:
        said, headers = self._connection, httpx.Headers()
        values = {}
        for name in filter(None, (said.bearer_variable, said.user_variable, said.password_variable)):
            values[name] = os.environ.get(name, "").strip()
            if not values[name]:
                return CouldNotMeasure(Unmeasured.REFUSED, f"the environment variable {name} is not set")
            if not (values[name].isascii() and values[name].isprintable()):
                return CouldNotMeasure(Unmeasured.REFUSED, f"the environment variable {name} can't stand in a header")
        if said.bearer_variable:
            headers["Authorization"] = f"Bearer {values[said.bearer_variable]}"
        elif said.user_variable:
            basic = httpx.BasicAuth(values[said.user_variable], values[said.password_variable])
            headers["Authorization"] = next(basic.auth_flow(httpx.Request("GET", said.url))).headers["Authorization"]
        if said.tenant:
            headers[said.tenant_header] = said.tenant
        return headers

    def _hinted(self, status: int, found: dict[str, Any] | CouldNotMeasure) -> dict[str, Any] | CouldNotMeasure:
        if status not in (401, 403) or not isinstance(found, CouldNotMeasure):
            return found
        said = self._connection
        names = " and ".join(filter(None, (said.bearer_variable, said.user_variable, said.password_variable)))
        hint = f"look at {names}" if names else "name its credentials with bearer_variable, or user_variable"
        return CouldNotMeasure(found.why, f"{found.detail} ({hint})")


def _of(query: str, found: CouldNotMeasure) -> CouldNotMeasure:
    return CouldNotMeasure(found.why, f"Prometheus {found.detail}; asked for {tame(query, 120)}")
