"""What the distribution must provide: looked for first, and installed by one line that starts nothing."""

import os
import subprocess
from pathlib import Path

import pytest

from golive.core.errors import WorldFailed
from golive.staging import programs

ROOT = Path(__file__).parents[2]
PACKAGES = ("chromium", "fonts-dejavu-core", "haproxy", "iproute2", "postgresql", "prometheus", "socat")


def test_what_is_missing_is_named_with_the_one_line_that_installs_it():
    with pytest.raises(WorldFailed) as told:
        programs.need(["haproxy-of-nobody", "prometheus-of-nobody"])
    what, then = str(told.value).splitlines()

    assert what == "haproxy-of-nobody and prometheus-of-nobody are not installed here"
    assert then.startswith("NEXT     sudo sh -c '")
    assert "haproxy-of-nobody prometheus-of-nobody" in then


def test_a_program_that_only_roots_path_has_is_found_all_the_same(tmp_path, monkeypatch):
    (tmp_path / "haproxy").write_text("#!/bin/sh\n")
    (tmp_path / "haproxy").chmod(0o755)
    monkeypatch.setattr(programs, "PLACES", (str(tmp_path),))
    monkeypatch.setenv("PATH", "")

    assert programs.need(["haproxy"]) == {"haproxy": str(tmp_path / "haproxy")}


@pytest.mark.parametrize("before", [None, "#!/bin/sh\nexit 0\n"])
@pytest.mark.parametrize("fails", [False, True])
def test_while_it_installs_no_service_may_start_and_afterwards_all_is_as_before(tmp_path, monkeypatch, before, fails):
    policy = tmp_path / "policy-rc.d"
    if before is not None:
        policy.write_text(before)
        policy.chmod(0o755)
    (tmp_path / "bin").mkdir()
    installer = tmp_path / "bin" / "apt-get"
    installer.write_text(f'#!/bin/sh\n{policy}; echo "$1 $?" >>{tmp_path}/seen\nexit {int(fails)}\n')
    installer.chmod(0o755)
    monkeypatch.setattr(programs, "POLICY", str(policy))
    line = programs.command(["haproxy"]).removeprefix("sudo ")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    ended = subprocess.run(["bash", "-c", line], env={"PATH": path}, check=False, timeout=10)

    assert (ended.returncode != 0) is fails
    assert (tmp_path / "seen").read_text() == ("update 101\n" if fails else "update 101\ninstall 101\n")
    assert (policy.read_text() if policy.exists() else None) == before
    assert not (tmp_path / "policy-rc.d.golive").exists()


def test_the_line_that_make_system_prints_is_the_same():
    text = (ROOT / ".ci" / "system").read_text()
    stub = text[: text.index("missing()")]
    shown = subprocess.run(["bash", "-c", stub], capture_output=True, text=True, check=True, timeout=10).stdout

    assert shown.strip() == programs.command(PACKAGES)
