"""What a plan may say to the Prometheus drivers, and what it is told when it says something else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from golive.adapters.prometheus_presets import known, preset
from golive.adapters.prometheus_selectors import check_plain, labels_of, name_of
from golive.core.errors import PlanError
from golive.core.samples import Version
from golive.drivers import LOGS, METRICS, checked

USAGE = {"cpu": "none", "memory": "none"}


def settings(**said):
    return checked(METRICS, "prometheus", {"url": "http://127.0.0.1:9090", "usage": USAGE, **said})


def asked(given, version, kind, route=""):
    (group,) = [g for g in given.groups() if (g.version, g.kind, g.route) == (version, kind, route)]
    return group


@pytest.mark.parametrize("name", known())
def test_every_preset_gives_whole_plain_selectors_that_tell_the_versions_apart(name):
    times = {} if preset(name).histogram else {"preset": "prometheus-client"}
    said = settings(counts={"preset": name}, times=times)
    by_version = [[g.quantities for g in said.groups() if g.version is version] for version in Version]

    assert by_version[0] != by_version[1]
    for group in said.groups():
        for selector in (one for selectors in group.quantities.values() for one in selectors):
            assert check_plain(selector) == selector and "{version}" not in selector and "{which}" not in selector


def test_haproxy_counts_what_never_was_an_answer_as_failed_and_takes_times_from_the_versions():
    which = 'proxy="shop",server="{version}"'
    said = settings(counts={"preset": "haproxy", "which": which}, times={"preset": "prometheus-client"})
    counts, times = (asked(said, Version.CANARY, kind) for kind in ("counts", "times"))
    errors = tuple(
        f'haproxy_server_{kind}_errors_total{{proxy="shop",server="canary"}}' for kind in ("connection", "response")
    )

    assert counts.quantities["failed"] == (
        'haproxy_server_http_responses_total{proxy="shop",server="canary",code="5xx"}',
        *errors,
    )
    assert set(errors) < set(counts.quantities["requests"])
    assert times.quantities["histogram"] == ('http_request_duration_seconds_bucket{version="canary"}',)
    assert said.tells_ours_apart


def test_a_plan_overrides_a_preset_quantity_by_quantity():
    failed = {"stable": 'errors_total{app="one"}', "canary": ['errors_total{app="two"}', "panics_total"]}
    said = settings(
        counts={"preset": "prometheus-client", "failed": failed},
        versions={"stable": "v1", "canary": "v2"},
        routes={"checkout": {"requests": 'r_total{{which},path="/checkout"}', "failed": "f_total{{which}}"}},
    )
    counts = asked(said, Version.CANARY, "counts")

    assert counts.quantities["failed"] == ('errors_total{app="two"}', "panics_total")
    assert counts.quantities["requests"] == ('http_requests_total{version="v2"}',)
    assert asked(said, Version.CANARY, "counts", "checkout").quantities["requests"] == (
        'r_total{version="v2",path="/checkout"}',
    )


WRONG = {
    "an expression": ({"requests": "rate(http_requests_total[1m])"}, "is no plain selector"),
    "a range": ({"requests": "http_requests_total[1m]"}, "is no plain selector"),
    "an offset": ({"requests": "http_requests_total offset 1m"}, "is no plain selector"),
    "half a selector": ({"requests": 'http_requests_total{version="canary"'}, "is no plain selector"),
    "an unknown preset": ({"preset": "haprox"}, "did you mean 'haproxy'"),
    "an unknown quantity": ({"request": "x"}, "did you mean 'requests'"),
    "one version only": ({"requests": {"canary": "x"}}, "nothing is said for stable"),
    "an unknown version": ({"requests": {"stable": "x", "canry": "x"}}, "did you mean 'canary'"),
    "a number": ({"requests": 3}, "a text, or a list of texts"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_quantity_is_found_at_the_plan_check(name):
    said, words = WRONG[name]

    with pytest.raises(PlanError) as error:
        settings(counts={"preset": "prometheus-client", **said})
    assert words in str(error.value)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"counts": {}}, "counts.requests: nothing is said"),
        ({"counts": {"preset": "haproxy"}}, "times.histogram: nothing is said"),
        ({"counts": {"preset": "istio"}, "usage": {}}, "usage.cpu: nothing is said"),
        ({"counts": {"preset": "istio"}, "url": "127.0.0.1:9090"}, "an address was expected"),
        ({"counts": {"preset": "istio"}, "url": "http://ada:s@127.0.0.1"}, "credentials never stand in a plan"),
        ({"counts": {"preset": "istio"}, "bearer_variable": "Bearer abc"}, "the name of an environment variable"),
        ({"counts": {"preset": "istio"}, "user_variable": "NAME"}, "belong together"),
        ({"counts": {"preset": "istio"}, "scrape_interval": "15"}, "a duration needs a number and a unit"),
        ({"counts": {"preset": "istio"}, "scrap_interval": "15s"}, "did you mean 'scrape_interval'"),
        ({"counts": {"preset": "istio"}, "versions": {"stable": 'a"', "canary": "b"}}, "without quotes"),
        ({"counts": {"preset": "istio"}, "times": {"unit": "minutes"}}, "'seconds' or 'milliseconds'"),
    ],
)
def test_wrong_settings_are_found_at_the_plan_check(said, words):
    with pytest.raises(PlanError) as error:
        settings(**said)
    assert words in str(error.value)


def test_what_only_the_world_knows_passes_the_plan_check():
    assert settings(counts={"preset": "istio"}, url="{world.prometheus}").url == "{world.prometheus}"


def test_the_source_declares_the_lag_of_its_scrapes():
    from golive.adapters.clocks import FakeClock
    from golive.adapters.metrics.prometheus import PrometheusMetrics

    can = PrometheusMetrics(settings(counts={"preset": "istio"}, scrape_interval="5s"), FakeClock()).can

    assert (can.lag, can.granularity, can.tells_ours_apart) == (6.0, 5.0, False)


def test_logs_count_a_plain_selector():
    with pytest.raises(PlanError, match="is no plain selector"):
        checked(LOGS, "prometheus", {"url": "http://127.0.0.1:9090", "critical": "increase(x_total[1m])"})
    checked(LOGS, "prometheus", {"url": "http://127.0.0.1:9090", "critical": 'x_total{level="critical"}'})


names = st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True)
values = st.text(st.characters(codec="utf-8", exclude_characters='"\\\n'), max_size=8)


@given(names, st.lists(st.tuples(names, st.sampled_from(["=", "!=", "=~", "!~"]), values), max_size=4))
def test_a_selector_is_taken_apart_as_it_was_put_together(name, matchers):
    text = name + "{" + ",".join(f'{label}{sign}"{value}"' for label, sign, value in matchers) + "}"

    assert check_plain(text) == text
    assert name_of(text) == name and labels_of(text) == tuple(label for label, _, _ in matchers)


@given(st.text(max_size=30))
def test_any_text_is_a_plain_selector_or_refused_with_an_example(text):
    try:
        check_plain(text)
    except ValueError as error:
        assert "http_requests_total" in str(error)
