"""The state machine of one project's rolling releases, with a clock from outside and no I/O."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

PROJECT, NAME, TEAM, SLUG = "prj_shop", "shop", "team_acme", "acme"
STABLE, CANARY, OTHER = "dpl_stable", "dpl_canary", "dpl_other"
RUNBOOK = (1, 5, 25, 50, 100)
DOMAIN = "www.example.com"


class Refusal(Exception):
    """An answer that is an error: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


@dataclass
class Made:
    """A deployment."""

    id: str
    sha: str = "c0ffee"
    ready: str = "READY"
    eligible: bool = False
    created: float = 1_716_206_500_000
    meta: dict[str, str] = field(default_factory=dict)

    def short(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": NAME,
            "url": f"{NAME}-{self.id[4:]}.vercel.app",
            "target": "production",
            "source": "cli",
            "createdAt": self.created,
            "readyState": self.ready,
            "readyStateAt": self.created + 300_000,
        }


@dataclass
class Ways:
    """How the double behaves, in seconds where it is a time.

    Attributes:
        lag: After a write, reads show what was before for so long.
        rollback_takes: From the 201 to the state that it asks for.
        rollback_never: Rollbacks are accepted and never happen; "failed": the job says so.
    """

    lag: float = 0.0
    rollback_takes: float = 0.0
    rollback_never: str = ""


class Releases:
    """Everything that the API changes; `now` gives seconds since 1970. Who is in another thread holds the `lock`."""

    def __init__(self, now: Callable[[], float]) -> None:
        self.now, self.ways, self.lock = now, Ways(), threading.RLock()
        self.deployments = {
            STABLE: Made(STABLE, sha="57ab1e", eligible=True),
            CANARY: Made(CANARY, sha="c0ffee", created=1_716_206_900_000),
            OTHER: Made(OTHER, sha="07e125", created=1_716_207_300_000),
        }
        self.production = STABLE
        self.config: dict[str, Any] | None = None
        self.rollout: dict[str, Any] | None = None
        self.job: dict[str, Any] | None = None
        self.auto_assign = True
        self.plan_has_it = True
        self.given: dict[str, str] = {}  # domains that were given to a deployment by hand
        self.gate: dict[str, Any] | None = None
        self._due: tuple[float, str] | None = None
        self._history: list[tuple[float, dict[str, Any]]] = []
        self._note()

    # --- what is read
    def seen(self) -> dict[str, Any]:
        """Give what a reader is told: the state of `lag` seconds ago."""
        self.settle()
        edge = self.now() - self.ways.lag
        past = [state for at, state in self._history if at <= edge]
        return copy.deepcopy(past[-1] if past else self._history[0][1])

    def live(self) -> tuple[str, float, str]:
        """Give what the edge does now: the canary, its share of visitors (0 to 1), and who has the others."""
        self.settle()
        if self.rollout is None or self.rollout["state"] != "ACTIVE":
            return "", 0.0, self.production
        stage = self.rollout["stages"][self.rollout["active"]]
        return self.rollout["canary"], stage["targetPercentage"] / 100, self.rollout["base"]

    def settle(self) -> None:
        """Let a job that is due happen."""
        if self._due is not None and self.now() >= self._due[0]:
            to, self._due = self._due[1], None
            assert self.job is not None
            if self.ways.rollback_never:
                if self.ways.rollback_never == "failed":
                    self.job["jobStatus"] = "failed"
                self._note()
                return
            self.job["jobStatus"] = "succeeded"
            self.production, self.auto_assign = to, False
            self.abort()

    # --- what is changed
    def configure(self, wanted: dict[str, Any]) -> None:
        if not self.plan_has_it:
            raise Refusal(403, "forbidden", "Rolling releases are not available on your plan")
        if not wanted["enabled"]:
            self.config = None
            self._note()
            return
        stages, automatic = wanted.get("stages") or [], wanted.get("advancementType") == "automatic"
        numbers = [stage["targetPercentage"] for stage in stages]
        if not 2 <= len(numbers) <= 10 or numbers != sorted(set(numbers)) or numbers[-1:] != [100]:
            raise Refusal(400, "bad_request", "2 to 10 ascending stages ending with 100 were expected")
        if any("duration" in stage for stage in stages) and not automatic:
            raise Refusal(400, "bad_request", "durations need automatic advancement")
        self.config = {"target": "production", "stages": copy.deepcopy(stages)}
        for stage in self.config["stages"]:
            stage["requireApproval"] = not automatic and stage["targetPercentage"] != 100
        if self.gate:
            self.config["gate"] = self.gate
        self._note()

    def start(self, canary: str) -> None:
        if self.config is None:
            raise Refusal(400, "bad_request", "Rolling releases are not enabled for this project")
        if self.active and self.rollout is not None:
            if self.rollout["canary"] == canary:
                return  # "returns the current state without side effects"
            raise Refusal(409, "conflict", "A rolling release is already active")
        made = self.deployments.get(canary)
        if made is None:
            raise Refusal(404, "not_found", "Deployment not found")
        if made.ready != "READY" or canary == self.production:
            raise Refusal(422, "unprocessable", "Unable to start rolling release for this canary deployment.")
        automatic = not any(stage.get("requireApproval") for stage in self.config["stages"])
        stages = [
            {
                "index": index,
                "isFinalStage": stage["targetPercentage"] == 100,
                "targetPercentage": stage["targetPercentage"],
                "requireApproval": bool(stage.get("requireApproval")),
                "duration": stage["duration"] * 60 if "duration" in stage else None,  # minutes there, seconds here
                "linearShift": False,
            }
            for index, stage in enumerate(self.config["stages"])
        ]
        self.rollout = {
            "state": "ACTIVE",
            "substate": None,
            "canary": canary,
            "base": self.production,
            "queued": None,
            "advancementType": "automatic" if automatic else "manual-approval",
            "stages": stages,
            "active": 0,
            "startedAt": self._milliseconds(),
        }
        self._note()

    def approve(self, index: int, canary: str) -> None:
        """What a skipped or a repeated index is answered is not verified; this refuses both."""
        rollout = self._ours(canary)
        if index != rollout["active"] + 1 or rollout["substate"] == "PAUSED":
            raise Refusal(400, "bad_request", f"Stage {index} is not the next stage")
        rollout["active"] = index
        if rollout["stages"][index]["isFinalStage"]:
            self._over()
        self._note()

    def complete(self, canary: str) -> None:
        self._ours(canary)
        self._over()
        self._note()

    def roll_back(self, to: str) -> None:
        """Accept a rollback; what is answered when one is under way already is not verified: this says 409."""
        made = self.deployments.get(to)
        if made is None or not made.eligible:
            raise Refusal(422, "unprocessable", "This deployment can't be rolled back to")
        if self.job is not None and self.job["jobStatus"] in ("pending", "in-progress") and self._due is not None:
            raise Refusal(409, "conflict", "A rollback is already in progress")
        active = self.active and self.rollout is not None
        self.job = {
            "type": "rollback",
            "jobStatus": "pending",
            "fromDeploymentId": self.production,
            "toDeploymentId": to,
            "requestedAt": self._milliseconds(),
            **({"fromRollingReleaseId": self.rollout["canary"]} if active and self.rollout else {}),
        }
        self._due = (self.now() + self.ways.rollback_takes, to)
        self._note()

    def promote(self, deployment: str) -> int:
        """Promote; promoting the canary itself completes its rollout, another one waits for its end."""
        if self.active and self.rollout is not None:
            if deployment == self.rollout["canary"]:
                self._over()
                self._note()
                return 201
            self.rollout["queued"] = deployment
            self._note()
            return 202
        self.production, self.auto_assign = deployment, True
        self._note()
        return 201

    def domains_of(self, deployment: str) -> list[str]:
        """Give a deployment's own address, what was given to it, and production's domain where it serves that."""
        given = [name for name, to in self.given.items() if to == deployment]
        of_production = [DOMAIN] if deployment == self.production and DOMAIN not in self.given else []
        return [f"{NAME}-{deployment[4:]}.vercel.app", *of_production, *given]

    def remove(self, deployment: str) -> None:
        if deployment == self.production:
            raise Refusal(400, "bad_request", "The deployment serves production")
        del self.deployments[deployment]

    def deploy(self, with_domains: bool) -> Made:
        """Take a deployment, READY at once; with production's domains it is as if it was pushed."""
        made = Made(f"dpl_made{len(self.deployments)}", sha="c0ffee", created=self._milliseconds())
        self.deployments[made.id] = made
        if with_domains:
            self.push(made.id)
        return made

    # --- what others do: pushes, the dashboard, Vercel's own gate
    def push(self, deployment: str = OTHER) -> None:
        """A push became READY: it queues, or begins a rollout of its own, or (after a rollback) does nothing."""
        if self.active and self.rollout is not None:
            self.rollout["queued"] = deployment
            self._note()
        elif self.auto_assign and self.config is not None:
            self.start(deployment)

    def pause(self) -> None:
        """Vercel's own gate has tripped."""
        assert self.rollout is not None
        self.rollout["substate"] = "PAUSED"
        self._note()

    def abort(self) -> None:
        """The rollout is over, and its canary has nobody."""
        if self.rollout is not None and self.rollout["state"] == "ACTIVE":
            self.rollout |= {"state": "ABORTED", "substate": None, "active": None}
        self._note()

    @property
    def active(self) -> bool:
        return self.rollout is not None and self.rollout["state"] == "ACTIVE"

    def _ours(self, canary: str) -> dict[str, Any]:
        if self.rollout is None or not self.active:
            raise Refusal(400, "bad_request", "There is no active rolling release")
        if self.rollout["canary"] != canary:
            raise Refusal(400, "bad_request", "This is not the canary of the active rolling release")
        return self.rollout

    def _over(self) -> None:
        assert self.rollout is not None
        self.rollout |= {"state": "COMPLETE", "substate": None, "active": len(self.rollout["stages"]) - 1}
        self.production, self.auto_assign = self.rollout["canary"], True
        self.deployments[self.production].eligible = True

    def _milliseconds(self) -> int:
        return round(self.now() * 1000)

    def _note(self) -> None:
        """Keep what readers will see once the lag is over; what nobody can see any more is let go."""
        before = (self._history[-1][1]["rollout"] if self._history else None) or {}
        if self.rollout is not None and {**self.rollout, "updatedAt": 0} != {**before, "updatedAt": 0}:
            self.rollout["updatedAt"] = max(before.get("updatedAt", 0) + 1, self._milliseconds())
        state = {
            "config": self.config,
            "rollout": self.rollout,
            "production": self.production,
            "job": self.job,
            "auto_assign": self.auto_assign,
        }
        self._history = [*self._history[-50:], (self.now(), copy.deepcopy(state))]
