"""How the scalars of a plan become values: every one is text with its unit, and the schema gives the type."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from golive.core.units import duration, share


class Part(BaseModel):
    """A part of a plan: frozen, strict, and no key it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _as_duration(value: Any) -> Any:
    return duration(value) if isinstance(value, str) else value


def _as_share(value: Any) -> Any:
    return share(value) if isinstance(value, str) else value


def _as_number(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"\d+(\.\d+)?", value):
            raise ValueError("a plain number was expected, for example '3'")
        return float(value)
    return value


def _as_count(value: Any) -> Any:
    if isinstance(value, str):
        if not re.fullmatch(r"[1-9]\d*|0", value):
            raise ValueError("a whole number without leading zeros was expected, for example '3'")
        return int(value)
    return value


def _as_yes_no(value: Any) -> Any:
    if isinstance(value, str):
        if value not in ("yes", "no", "true", "false"):
            raise ValueError("'yes' or 'no' was expected")
        return value in ("yes", "true")
    return value


def as_tuple(value: Any) -> Any:
    """Give a list as a tuple, and anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def _or_never(value: Any) -> Any:
    return None if value == "never" else _as_duration(value)


def _or_none(value: Any) -> Any:
    return None if value == "none" else _as_share(value)


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("more than nothing was expected, for example '1s'")
    return value


def _probability(value: float) -> float:
    if not 0 < value <= 0.5:
        raise ValueError("a chance above 0% and up to 50% was expected, for example '1%'")
    return value


Duration = Annotated[timedelta, BeforeValidator(_as_duration)]
PositiveDuration = Annotated[timedelta, BeforeValidator(_as_duration), AfterValidator(_positive)]
DurationOrNever = Annotated[timedelta | None, BeforeValidator(_or_never)]
Share = Annotated[float, BeforeValidator(_as_share)]
ShareOrNone = Annotated[float | None, BeforeValidator(_or_none)]
Probability = Annotated[float, BeforeValidator(_as_share), AfterValidator(_probability)]
Number = Annotated[float, BeforeValidator(_as_number)]
Count = Annotated[int, BeforeValidator(_as_count)]
YesNo = Annotated[bool, BeforeValidator(_as_yes_no)]
Texts = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
