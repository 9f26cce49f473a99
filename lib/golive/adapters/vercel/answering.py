"""Which deployment answered: only the site's own health endpoint can say it, where nothing stands in front of it.

The site's health endpoint answers `{"status": "ok", "version": …, "deployment_id": VERCEL_DEPLOYMENT_ID}`, uncached.
Deployments' own URLs are usually behind Deployment Protection: what that answers is neither healthy nor sick.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from typing import Annotated

import httpx
from pydantic import AfterValidator

from golive.adapters.bounded import TooLarge, fetch
from golive.adapters.vercel.account import VARIABLE
from golive.ports import Alive, Sick

LARGEST = 100_000
PROTECTED = (301, 302, 303, 307, 308, 401, 403)
BYPASS = "x-vercel-protection-bypass"


def _a_variable(text: str) -> str:
    if text and not VARIABLE.fullmatch(text):
        raise ValueError("the NAME of an environment variable was expected, for example 'VERCEL_BYPASS'")
    return text


VariableOrNone = Annotated[str, AfterValidator(_a_variable)]


def bypass(variable: str) -> dict[str, str]:
    """Give the header that lets a request through Deployment Protection; none without a variable that holds one."""
    secret = os.environ.get(variable, "") if variable else ""
    return {BYPASS: secret} if secret and secret.isascii() and secret.isprintable() else {}


async def ask(
    url: str, within: float, headers: Mapping[str, str], query: Mapping[str, str] | None = None
) -> Alive | Sick:
    """Give who answered at a health endpoint, or why nobody can be said to have.

    Each call has a client of its own: no cookie is ever carried along, and neither is a header or a parameter that pins
    a deployment (`x-deployment-id`, `__vdpl`, `?dpl=`). Redirects are not followed.
    """
    begun = time.monotonic()
    whole = str(httpx.URL(url).copy_merge_params(dict(query or {})))
    try:
        async with httpx.AsyncClient(timeout=within, follow_redirects=False) as client:
            answer = await fetch(client, "GET", whole, within=within, largest=LARGEST, headers=dict(headers))
    except httpx.TimeoutException:
        return Sick(f"no answer in {within:g} s")
    except TooLarge as error:
        return Sick(f"answered {error}")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Sick(f"no answer: {type(error).__name__}")
    if answer.status_code in PROTECTED:
        return Sick(f"can't be observed: answered {answer.status_code}, as Deployment Protection does")
    return _alive(answer, (time.monotonic() - begun) * 1000)


def _alive(answer: httpx.Response, milliseconds: float) -> Alive | Sick:
    try:
        said = answer.json() if answer.status_code == 200 else {}
    except (ValueError, RecursionError):
        return Sick("answered 200 with no JSON")
    if not isinstance(said, dict) or said.get("status") != "ok":
        return Sick(f"answered {answer.status_code} without status ok")
    deployment = said.get("deployment_id")
    if not isinstance(deployment, str) or not deployment:
        return Sick("answered without its deployment_id: the endpoint must give VERCEL_DEPLOYMENT_ID")
    return Alive(str(said.get("version", ""))[:80], deployment[:80], milliseconds)
