"""A live chart takes no more room after a day than after a minute, and tells the same counts."""

import math
import time

from golive.core.samples import Sample, Tally, Version
from golive.pages.curve import MOST, Curve
from golive.pages.live import DARK, LiveChart
from tests.builders import sandbox


def samples(seconds, requests=80, failed=1, begun=0):
    return [
        Sample(1.7e9 + n + 1, float(n), 1.0, version, Tally(requests, failed, over={500: 2}), phase="canary-25")
        for n in range(begun, begun + seconds)
        for version in Version
    ]


def share(tally):
    return tally.failed / tally.requests


def test_a_day_is_drawn_with_no_more_points_than_a_chart_has_room_for():
    curve = Curve()
    for hour in range(24):
        curve.add(samples(3600, begun=3600 * hour))
    times, values = curve.points(Version.CANARY, share)

    assert len(times) <= MOST and 86_400 <= times[-1] <= 86_400 + curve.width
    assert all(math.isclose(value, 1 / 80) for value in values)


def test_a_burst_is_seen_in_the_seconds_around_it():
    curve = Curve()
    curve.add([*samples(30), *samples(5, failed=40, begun=30), *samples(30, begun=35)])
    times, values = curve.points(Version.CANARY, share)
    sick = [at for at, value in zip(times, values, strict=True) if value > 0.4]

    assert min(sick) >= 30 and max(sick) <= 40


def test_seconds_without_visitors_are_a_gap_and_no_zero():
    curve = Curve()
    curve.add([*samples(3), *samples(10, requests=0, failed=0, begun=3)])

    assert math.isnan(curve.points(Version.CANARY, share)[1][-1])


def test_drawing_again_gives_a_picture_of_the_same_size_at_less_than_fifty_milliseconds():
    curve, chart = Curve(), LiveChart(sandbox().criteria, 1200)
    curve.add(samples(1200))
    chart.draw(curve)
    cost, sizes = [], set()
    for begun in range(1200, 1220, 2):
        curve.add(samples(2, begun=begun))
        since = time.process_time()
        picture = chart.draw(curve)
        cost.append(time.process_time() - since)
        sizes.add(picture[16:24])

    assert len(sizes) == 1 and len(picture) < 150_000
    assert sorted(cost)[len(cost) // 2] < 0.05


def test_an_empty_curve_is_drawn_as_axes_and_limits():
    assert LiveChart(sandbox().criteria, 8, DARK).draw(Curve()).startswith(b"\x89PNG")
