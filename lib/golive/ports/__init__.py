"""What golive asks of the world: one small file for each kind of port.

All ports are async and cancellable and are called under a deadline, but `Store` and `Book`, which are synchronous.
A driver declares what it can; the contract tests hold it to that.
"""

from golive.core.pair import Beat, Lease, Member
from golive.ports.checks import Check, Finding, Lines, Result
from golive.ports.deployment import Deployment, Happened
from golive.ports.keeping import Claims, Files, Keeping, Sharing
from golive.ports.last_resort import LastResort, Used
from golive.ports.router import Claiming, Done, Proof, Refused, Router, RouterCan, Split, Superseded, Unknown
from golive.ports.sources import Alive, Forcing, Health, Logs, MetricSource, Prober, Sick, SourceCan, TopUp
from golive.ports.store import Book, EvidenceNote, LookNote, Store
from golive.ports.switch import DeadManSwitch
from golive.ports.world import Clock, Notice, Notifier, World

__all__ = [
    "Alive",
    "Beat",
    "Book",
    "Check",
    "Claiming",
    "Claims",
    "Clock",
    "DeadManSwitch",
    "Deployment",
    "Done",
    "EvidenceNote",
    "Files",
    "Finding",
    "Forcing",
    "Happened",
    "Health",
    "Keeping",
    "LastResort",
    "Lease",
    "Lines",
    "Logs",
    "LookNote",
    "Member",
    "MetricSource",
    "Notice",
    "Notifier",
    "Prober",
    "Proof",
    "Refused",
    "Result",
    "Router",
    "RouterCan",
    "Sharing",
    "Sick",
    "SourceCan",
    "Split",
    "Store",
    "Superseded",
    "TopUp",
    "Unknown",
    "Used",
    "World",
]
