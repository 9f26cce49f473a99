"""Prometheus scrapes both versions and the router each second, and tells the versions apart."""

from golive.staging.prometheus_config import PrometheusSite, prometheus_config

SITE = PrometheusSite({"stable": "h:1", "canary": "h:2"}, {"haproxy": "h:3"}, parameters={"scope": ("server",)})


def test_each_version_is_a_target_with_its_name_as_a_label():
    config = prometheus_config(SITE)
    site, router = config["scrape_configs"]

    assert config["global"] == {"scrape_interval": "1000ms", "scrape_timeout": "900ms"}
    assert site["static_configs"] == [
        {"targets": ["h:1"], "labels": {"version": "stable"}},
        {"targets": ["h:2"], "labels": {"version": "canary"}},
    ]
    assert site["honor_labels"] is True  # else the versions' own label `version` becomes `exported_version`
    assert router["static_configs"] == [{"targets": ["h:3"]}]
    assert router["params"] == {"scope": ["server"]}


def test_a_job_that_has_lost_its_targets_stays_so_that_its_series_end():
    config = prometheus_config(PrometheusSite({}, {"haproxy": ""}))

    assert [job["job_name"] for job in config["scrape_configs"]] == ["site", "haproxy"]
    assert config["scrape_configs"][1]["static_configs"] == [{"targets": []}]
