"""Envoy's program is found or named as missing, and its bootstrap is one that Envoy takes."""

import importlib
import subprocess

import pytest

from golive.core.errors import WorldFailed
from golive.staging.envoy_config import EnvoySite, envoy_bootstrap, envoy_bootstrap_text
from golive.staging.envoy_program import envoy_program
from tests.parts.envoy import program_or_skip

SITE = EnvoySite(18001, 18002, 18003, 18004, token="t", health_path="/api/health")


def _no_wheel(monkeypatch):
    real = importlib.import_module

    def refuse(name, *rest):
        if name == "envoy":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(importlib, "import_module", refuse)


def test_without_the_wheel_the_program_on_path_is_taken(tmp_path, monkeypatch):
    _no_wheel(monkeypatch)
    program = tmp_path / "envoy"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert envoy_program() == program


def test_where_there_is_none_the_error_says_what_installs_one(tmp_path, monkeypatch):
    _no_wheel(monkeypatch)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorldFailed, match=r"NEXT     pip install 'golive\[envoy\]'"):
        envoy_program()


def test_everything_listens_on_loopback_only():
    text = envoy_bootstrap_text(SITE)
    assert text.count('"address": "127.0.0.1"') == text.count('"port_value"')


def test_neither_retries_nor_outlier_detection_hide_a_sick_canary():
    text = envoy_bootstrap_text(SITE)
    assert "retry" not in text and "outlier" not in text


def test_a_key_that_nobody_has_set_is_nobody():
    layers = envoy_bootstrap(SITE)["layered_runtime"]["layers"]
    assert not [key for key in layers[0]["static_layer"] if key in ("golive.site", "golive.ours")]


@pytest.mark.staging
@pytest.mark.parametrize("health", ["", "/api/health"])
def test_envoy_takes_the_bootstrap(tmp_path, health):
    config = tmp_path / "envoy.json"
    config.write_text(envoy_bootstrap_text(EnvoySite(18001, 18002, 18003, 18004, health_path=health)))
    said = subprocess.run(
        [str(program_or_skip()), "--mode", "validate", "-c", str(config)], capture_output=True, text=True, timeout=30
    )
    assert said.returncode == 0, said.stderr[-500:]
