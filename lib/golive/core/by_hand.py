"""`ROLLBACK.txt`: what a person does who has a shell and nothing else of golive. Pure text."""

from __future__ import annotations

from collections.abc import Sequence

from golive.core.way_back import AlsoUndo


def rollback_text(site: str, commands: str, resorts: Sequence[str], also_undo: Sequence[AlsoUndo]) -> str:
    """Give a script for `sh`: its lines are the commands, and all that is not to be run stands behind a `#`.

    Args:
        site: What goes live, "" when nobody has said.
        commands: What the router's driver gives for doing it by hand.
        resorts: What each last resort gives for that, in their order.
    """
    lines = [
        f"# Send every visitor of {site or 'the site'} back to stable, without golive: type these lines, or",
        "#     sh ROLLBACK.txt",
        "# What begins with $ is an environment variable: set it first. This moves visitors; it undoes no data.",
        "",
        commands,
    ]
    if resorts:
        lines += ["", "# If the router does not take it, the plan's last resorts, one after the other:"]
        lines += [f"#     {line}" for resort in resorts for line in resort.splitlines()]
    if also_undo:
        lines += ["", "# Then, since sending visitors back does not undo it:"]
        lines += [f"#   {one.name}: {' '.join(one.sentence.split())}" for one in also_undo]
    return "\n".join(lines) + "\n"
