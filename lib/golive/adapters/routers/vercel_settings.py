"""What a plan says of its rolling releases on Vercel."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, model_validator

from golive.adapters.vercel.account import FROM_THE_WORLD, Account, DeploymentId
from golive.core.scalars import Duration, Texts, YesNo
from golive.core.units import share

FEWEST, MOST = 2, 10


def percentages(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Give stages as Vercel allows them; ValueError says what was expected."""
    numbers = [share(text) * 100 for text in texts]
    odd = [text for text, number in zip(texts, numbers, strict=True) if abs(number - round(number)) > 1e-9]
    if odd:
        raise ValueError(f"Vercel's stages are whole percentages: {', '.join(odd)} is none")
    if not FEWEST <= len(numbers) <= MOST or numbers != sorted(set(numbers)) or numbers[-1] != 100:
        raise ValueError(f"{FEWEST} to {MOST} ascending percentages that end with 100% were expected")
    return texts


class VercelSettings(Account):
    """The account, the release, and its stages.

    Attributes:
        canary: The deployment that is to be released, `dpl_…`.
        base: The deployment that production is served by before it, to which everybody is sent back.
        stages: The percentages that can be set, each a phase of the plan.
        configure: Whether to write these stages into the project when it has others.
        read_lag: After so long a read shows what was changed, at the latest.
        read_every: A read that is no older is not repeated, but right after a change.
    """

    canary: DeploymentId
    base: DeploymentId
    stages: Annotated[Texts, AfterValidator(percentages)] = ("1%", "5%", "25%", "50%", "100%")
    configure: YesNo = True
    read_lag: Duration = timedelta(seconds=15)
    read_every: Duration = timedelta(seconds=2)

    @model_validator(mode="after")
    def _two(self) -> VercelSettings:
        if self.canary == self.base and FROM_THE_WORLD not in self.canary:
            raise ValueError(f"canary and base are the same deployment, {self.base}: nothing would be released")
        return self

    @property
    def shares(self) -> tuple[float, ...]:
        """The stages as shares, 0 to 1."""
        return tuple(share(text) for text in self.stages)
