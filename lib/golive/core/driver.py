"""A driver as a plan names it."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from golive.core.scalars import Part


class Driver(Part):
    """A driver by name; `settings` are its own, and it validates them."""

    driver: str
    settings: dict[str, Any] = Field(default_factory=dict)
