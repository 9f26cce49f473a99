"""What people have stated of the sandbox's release, as their own tools write it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from golive.sandbox.faults import Fault


def statements(made: datetime, faults: frozenset[Fault], commits: tuple[str, str], bill: bytes) -> Mapping[str, bytes]:
    """Give name -> content of each statement, made at `made`.

    Args:
        commits: The release's commit, and another one.
        bill: The bill of materials that was approved.
    """
    at = made.isoformat()
    reviewed = {
        "who": "Grace Hopper",
        "answer": "yes",
        "says": "walked through it with who is on call",
        "at": at,
        "commit": commits[Fault.STATEMENT_OTHER_COMMIT in faults],
        "link": "https://tickets.sandbox.example/71",
    }
    approved = {
        "who": "Radia Perlman",
        "answer": "yes",
        "says": "no licence and no component that we refuse",
        "at": at,
        "commit": commits[0],
        "sha256": hashlib.sha256(bill).hexdigest(),
    }
    told = {"rollback-plan-reviewed.json": reviewed, "sbom-approved.json": approved}
    return {name: json.dumps(document, indent=1).encode() for name, document in told.items()}
