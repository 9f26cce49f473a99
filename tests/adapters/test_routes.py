"""Critical routes are counted by path, and topped-up requests are ours."""

from aiohttp import web

from golive.adapters.metrics.sandbox import points_of, routes_of
from golive.adapters.top_ups.http import HttpTopUp
from golive.core.samples import Version
from golive.sandbox.counts import CUT_OFF, Counts


def test_a_route_counts_what_its_path_begins_with_and_only_visitors():
    counts = Counts()
    counts.add("canary", "visitors", 500, 20.0, "/checkout")
    counts.add("canary", "visitors", 504, CUT_OFF, "/checkout")
    counts.add("canary", "visitors", 200, 20.0, "/products")
    counts.add("canary", "ours", 500, 20.0, "/checkout")
    counts.add("stable", "visitors", 200, 20.0, "/a/path/nobody/knows")
    points = points_of(counts.text().encode())
    routes = routes_of(points, {"checkout": "/checkout", "all": "/"})

    checkout = routes[Version.CANARY]["checkout"]
    assert (checkout.requests, checkout.failed, checkout.over[1000]) == (2, 2, 1)
    assert routes[Version.CANARY]["all"].requests == 3
    assert routes[Version.STABLE]["checkout"].requests == 0


async def test_topping_up_asks_the_canary_in_turn_and_counts_what_fails():
    asked = []

    async def answer(request):
        asked.append((request.path, request.headers["X-Golive-Ours"]))
        return web.Response(status=500 if request.path == "/bad" else 200)

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    top_up = HttpTopUp(f"http://127.0.0.1:{port}", ["/good", "/bad"])
    try:
        tally = await top_up.send(4)
    finally:
        await top_up.aclose()
        await runner.cleanup()

    assert (tally.requests, tally.failed) == (4, 2)
    assert sorted(asked) == [("/bad", "top-up")] * 2 + [("/good", "top-up")] * 2


async def test_a_canary_that_does_not_answer_fails_and_is_over_every_limit():
    top_up = HttpTopUp("http://127.0.0.1:9", ["/"])
    tally = await top_up.send(2)
    await top_up.aclose()

    assert (tally.failed, tally.over[1000]) == (2, 2)
