"""The deployment's address in what `vercel deploy` has printed: pure, and wary of what else stands there.

Its standard output is the deployment's URL alone; on standard error it tells `Inspect: https://vercel.com/…`, and with
`--prod` the production domain as `Production: …` (vercel.com/docs/cli/deploy). Both may be in one file, with colours.
"""

from __future__ import annotations

import re

MOST = 1_000_000
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_HOST = re.compile(r"https://([a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?\.vercel\.app)(?![\w.-])")


def hosts_of(output: str) -> tuple[str, ...]:
    """Give the hosts under vercel.app that an output names, in their order and each once."""
    plain = _COLOUR.sub("", output[:MOST])
    return tuple(dict.fromkeys(found[1] for found in _HOST.finditer(plain)))
