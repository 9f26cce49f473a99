"""Whose project on Vercel, and how it may be asked for: what every driver of Vercel's has among its settings."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from golive.core.phases import UNFILLED
from golive.core.scalars import Count, Part

VERCEL = "https://api.vercel.com"
FROM_THE_WORLD = "{world."
IDENTIFIER = re.compile(r"[A-Za-z0-9_.-]{1,100}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
FEWEST_A_MINUTE = 20


def is_loopback(url: str) -> bool:
    """Say whether a URL's host is this machine, by its address or as `localhost`."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _an_api(text: str) -> str:
    if FROM_THE_WORLD in text or text == VERCEL:
        return text
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and is_loopback(text) and not (parts.path or parts.query or parts.username):
        return text
    raise ValueError(f"{VERCEL} or, in a rehearsal, an address of this machine was expected: http://127.0.0.1:PORT")


def _an_identifier(text: str) -> str:
    if text in UNFILLED:
        raise ValueError("an id or name of Vercel's was expected: put yours there, docs/vercel.md says where it stands")
    if FROM_THE_WORLD in text or IDENTIFIER.fullmatch(text):
        return text
    raise ValueError(f"{text[:100]!r} is no id or name of Vercel's: letters, digits and _ . - were expected")


def _a_team(text: str) -> str:
    return _an_identifier(text) if text else text


def _a_deployment(text: str) -> str:
    if FROM_THE_WORLD in text or re.fullmatch(r"dpl_[A-Za-z0-9_]{1,100}", text):
        return text
    raise ValueError(f"{text[:100]!r} is no deployment's id: dpl_ and letters or digits were expected")


def _a_variable(text: str) -> str:
    if VARIABLE.fullmatch(text):
        return text
    raise ValueError("the NAME of an environment variable was expected, for example 'VERCEL_TOKEN', never a token")


def _enough(number: int) -> int:
    if number < FEWEST_A_MINUTE:
        raise ValueError(f"at least '{FEWEST_A_MINUTE}' was expected")
    return number


Identifier = Annotated[str, AfterValidator(_an_identifier)]
DeploymentId = Annotated[str, AfterValidator(_a_deployment)]


class Account(Part):
    """Whose project, and how it may be asked for.

    Attributes:
        project: Its id (`prj_…`) or name.
        team: The team's id (`team_…`); "" for a personal account, where calls go without one.
        token_variable: Name of the environment variable that holds the token.
        api: Vercel's own address; in rehearsals one of this machine, and no other.
        requests_per_minute: The most reads that one driver sends in a minute; what moves visitors is never held back.
    """

    project: Identifier
    team: Annotated[str, AfterValidator(_a_team)] = ""
    token_variable: Annotated[str, AfterValidator(_a_variable)] = "VERCEL_TOKEN"
    api: Annotated[str, AfterValidator(_an_api)] = VERCEL
    requests_per_minute: Annotated[Count, AfterValidator(_enough)] = 90

    @property
    def rehearses(self) -> bool:
        """Whether it is this machine that is asked, and not Vercel."""
        return is_loopback(self.api)
