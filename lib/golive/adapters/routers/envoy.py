"""Envoy as the router: its runtime keys over the admin API."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from golive.adapters.envoy_admin import Admins, EnvoyAdmin, Trouble
from golive.adapters.envoy_fraction import KeyedRoute, fraction_text, keyed_routes, share_of
from golive.adapters.places import on_host
from golive.core.errors import nearest
from golive.core.scalars import Part, Texts
from golive.drivers import Around
from golive.ports import Done, Refused, RouterCan, Split, Superseded, Unknown

WRITABLE = re.compile(r"[A-Za-z0-9_.@:-]{0,150}")
NOBODY = "0"  # a plain number is percent under every denominator; an empty value would fall back to the configuration
CLOSE = 1e-9
DEADLINE = 1.2  # seconds for one call, so that a rollback and its reading back end within the guard's three


def _some(value: tuple[str, ...]) -> tuple[str, ...]:
    if not value or len(set(value)) < len(value) or not all(value):
        raise ValueError("runtime keys of which none is empty or named twice were expected, for example 'golive.site'")
    return value


@dataclass(frozen=True)
class Seen:
    """What one Envoy holds: the canary's share under each key, its token, the canary it names, and its claim."""

    shares: tuple[float, ...]
    token: str
    canary: str
    claim: str


class EnvoyRouter:
    """`golive.ports.Router` over one or several Envoys that move together, all or nothing.

    Each key is asked for by a route with `runtime_fraction` that leads to the canary; a split by
    `weighted_clusters` is not moved. Shares go down to 0.0001 %.
    """

    can = RouterCan(claims=True)

    class Settings(Part):
        """`admins`: the admin APIs of every Envoy; `keys`: the runtime keys that hold the split;
        `token_key`, `canary_key`: where a world has written its token and the canary's name;
        `claim_key`: where the go-live is written."""

        admins: Admins
        keys: Annotated[Texts, AfterValidator(_some)] = ("golive.site", "golive.ours")
        token_key: str = "golive.token"
        canary_key: str = "golive.canary"
        claim_key: str = "golive.claim"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._admins = [EnvoyAdmin(url, DEADLINE) for url in settings.admins]
        self._routes: dict[str, dict[str, list[KeyedRoute]]] = {}
        self._moving = asyncio.Lock()
        self._claim = ""

    @classmethod
    def made(cls, settings: Settings, around: Around) -> EnvoyRouter:
        """Give the router; it needs nothing from around it."""
        return cls(settings)

    async def read(self) -> Split | Unknown:
        """Give the split that all keys of all Envoys agree on; where they don't, it is not known."""
        seen = await self._look()
        return seen if isinstance(seen, Unknown) else self._split(seen)

    async def set(self, share: float, expect: float | None) -> Done | Refused | Superseded | Unknown:
        """Move every key of every Envoy, when the split still is `expect`; what got only half way is put back."""
        text = fraction_text(share)
        if text is None:
            return Refused(f"{share!r} is no share that Envoy can hold: 0 to 1 in steps of 0.000001 was expected")
        async with self._moving:
            self._routes.clear()
            unproven = await self._unproven()
            if unproven is not None:
                return unproven
            before = await self.read()
            if isinstance(before, Unknown):
                return before
            if self._claim and before.claim not in ("", self._claim):
                return Superseded(f"claimed by {before.claim}", before)
            if expect is not None and abs(before.share - expect) > CLOSE:
                return Superseded(f"the split was {before.share:.4%}, not the expected {expect:.4%}", before)
            return await self._moved(before.share, share, text)

    async def rollback(self, reason: str) -> Done | Refused | Superseded | Unknown:
        """Send everybody to stable on every Envoy that answers; done when all of them read back 0 %."""
        troubles = await self._put(NOBODY)
        after = await self.read()
        if isinstance(after, Unknown):
            return Unknown("; ".join(dict.fromkeys([*troubles, after.why])))
        return Done(after) if after.share == 0.0 else Unknown(f"it reads back {after.share:.4%} after the rollback")

    async def claim(self, whose: str, expect: str) -> Done | Refused | Superseded | Unknown:
        """Write whose go-live it is into every Envoy, if together they show `expect`: compared first, set second."""
        if not WRITABLE.fullmatch(whose):
            return Refused(f"{whose[:100]!r} is no claim: letters, digits and _ . @ : - were expected")
        async with self._moving:
            before = await self._look()
            if isinstance(before, Unknown):
                return before
            troubles = [] if _claim(before) != expect else await self._write({self._settings.claim_key: whose})
            after = await self.read()
            if isinstance(after, Unknown) or troubles:
                return Unknown("; ".join(troubles) or getattr(after, "why", ""))
            if after.claim != whose:
                return Superseded(f"claimed by {after.claim or 'nobody'}", after)
            self._claim = whose
            return Done(after)

    def identity(self) -> str:
        """Give what names this router, whoever asks."""
        admins = ", ".join(sorted(on_host(admin.url) for admin in self._admins))
        return f"envoy {admins} {', '.join(sorted(self._settings.keys))}"

    def by_hand(self) -> str:
        """Give the commands that send everybody to stable without this tool, and those that show it."""
        body = "&".join(f"{key}={NOBODY}" for key in self._settings.keys)
        urls = [admin.url for admin in self._admins]
        lines = [f"curl -fsS --max-time 5 -X POST -d '{body}' {url}/runtime_modify" for url in urls]
        return "\n".join(lines + [f"curl -fsS --max-time 5 {url}/runtime" for url in urls])

    async def aclose(self) -> None:
        """Close the connections."""
        await asyncio.gather(*(admin.aclose() for admin in self._admins))

    async def _moved(self, before: float, share: float, text: str) -> Done | Refused | Superseded | Unknown:
        troubles = await self._put(text)
        seen = await self._look()
        if isinstance(seen, Unknown):
            troubles.append(seen.why)
        else:
            shares = {held for one in seen for held in one.shares}
            if len(shares) == 1 and abs(min(shares) - share) < CLOSE:
                return Done(Split(share, self._canary(seen), self._token(seen), claim=_claim(seen)))
            if any(min(abs(held - share), abs(held - before)) > CLOSE for held in shares):
                if len(shares) > 1:
                    await self._put(fraction_text(min(shares)) or NOBODY)
                return self._settled(await self.read(), "somebody else moved the split at the same time")
        if share <= before:
            return Unknown("; ".join(troubles) or "not every Envoy reads back the lower split")
        troubles += await self._put(fraction_text(before) or NOBODY)
        why = "; ".join(dict.fromkeys(troubles)) or "not every Envoy took the split"
        after = await self.read()
        if isinstance(after, Split) and abs(after.share - before) < CLOSE:
            return Refused(f"{why}; the split was put back to {before:.4%}")
        return Unknown(f"{why}; whether every Envoy was put back to {before:.4%} is not known")

    def _settled(self, after: Split | Unknown, why: str) -> Superseded | Unknown:
        return after if isinstance(after, Unknown) else Superseded(why, after)

    async def _put(self, text: str) -> list[str]:
        return await self._write(dict.fromkeys(self._settings.keys, text))

    async def _write(self, values: dict[str, str]) -> list[str]:
        answers = await asyncio.gather(*(admin.modify(values) for admin in self._admins))
        return [answer.why for answer in answers if answer is not None]

    async def _unproven(self) -> Refused | Unknown | None:
        """Say why a shift would not be one: a key that no route asks for moves nobody, and Envoy says OK to it."""
        for admin in self._admins:
            routes = await self._routes_of(admin)
            if isinstance(routes, Trouble):
                return Unknown(f"whether a route asks for the runtime keys is not known: {routes.why}")
            unused = self._unused(admin, routes)
            if unused is not None:
                return Refused(unused)
        return None

    def _unused(self, admin: EnvoyAdmin, routes: dict[str, list[KeyedRoute]]) -> str | None:
        for key in self._settings.keys:
            if key not in routes:
                return f"no route of {admin.url} asks for the runtime key {key!r}{nearest(key, routes)}"
        return None

    async def _look(self) -> list[Seen] | Unknown:
        found = await asyncio.gather(*(self._seen(admin) for admin in self._admins))
        unknown = [one.why for one in found if isinstance(one, Unknown)]
        return Unknown("; ".join(unknown)) if unknown else [one for one in found if isinstance(one, Seen)]

    async def _seen(self, admin: EnvoyAdmin) -> Seen | Unknown:
        runtime, routes = await asyncio.gather(admin.runtime(), self._routes_of(admin))
        if isinstance(runtime, Trouble):
            return Unknown(runtime.why)
        unused = None if isinstance(routes, Trouble) else self._unused(admin, routes)
        if unused is not None:
            return Unknown(unused)
        shares = []
        for key in self._settings.keys:
            share = share_of(runtime[key]) if key in runtime else _default(routes, key)
            if share is None:
                held = f"holds {runtime[key][:80]!r}" if key in runtime else "is not set, and its default is not known"
                return Unknown(f"the runtime key {key!r} of {admin.url} {held}: a fraction was expected")
            shares.append(share)
        cluster = "" if isinstance(routes, Trouble) else routes[self._settings.keys[0]][0].cluster
        canary = runtime.get(self._settings.canary_key) or cluster
        token, claim = (runtime.get(key, "") for key in (self._settings.token_key, self._settings.claim_key))
        return Seen(tuple(shares), token, canary, claim)

    async def _routes_of(self, admin: EnvoyAdmin) -> dict[str, list[KeyedRoute]] | Trouble:
        """Give the keyed routes of an Envoy; kept until the next shift, since a dump may be large."""
        if admin.url not in self._routes:
            configs = await admin.route_configs()
            if isinstance(configs, Trouble):
                return configs
            self._routes[admin.url] = keyed_routes(configs)
        return self._routes[admin.url]

    def _split(self, seen: Sequence[Seen]) -> Split | Unknown:
        shares = {share for one in seen for share in one.shares}
        if len(shares) > 1:
            held = ", ".join(
                f"{key} {share:.4%} at {admin.url}"
                for admin, one in zip(self._admins, seen, strict=True)
                for key, share in zip(self._settings.keys, one.shares, strict=True)
            )
            return Unknown(f"the split is not the same everywhere: {held}")
        return Split(shares.pop(), self._canary(seen), self._token(seen), claim=_claim(seen))

    def _token(self, seen: Sequence[Seen]) -> str:
        tokens = {one.token for one in seen}
        return tokens.pop() if len(tokens) == 1 else ""

    def _canary(self, seen: Sequence[Seen]) -> str:
        return " and ".join(sorted({one.canary for one in seen}))


def _claim(seen: Sequence[Seen]) -> str:
    """Give the claim that the Envoys show, "" for none; one that was restarted and shows none counts with the rest."""
    return " and ".join(sorted({one.claim for one in seen} - {""}))


def _default(routes: dict[str, list[KeyedRoute]] | Trouble, key: str) -> float | None:
    """Give what holds while nobody has set the key; None when that is not known, or the routes disagree."""
    defaults = set() if isinstance(routes, Trouble) else {route.default for route in routes[key]}
    return defaults.pop() if len(defaults) == 1 else None
