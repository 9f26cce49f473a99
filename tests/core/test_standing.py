"""Where a guard stands, and what there would end it."""

import pytest

from golive.core.standing import HostView, dangers

SERVICE = "/system.slice/jupyter.service"
SESSION = "/user.slice/user-1000.slice/session-3.scope"
USER = "/user.slice/user-1000.slice/user@1000.service/app.slice/vte-1.scope"
JUPYTER = "/opt/venv/bin/python /opt/venv/bin/jupyter-lab --no-browser"


@pytest.mark.parametrize(
    ("view", "says"),
    [
        (HostView(SESSION, kills_at_logout=True), "a logout may end it"),
        (HostView(SESSION), "a logout may end it"),
        (HostView(USER, user="ada", lingers=False), "loginctl enable-linger"),
        (HostView(SERVICE), "whenever jupyter.service is stopped"),
        (HostView(SERVICE, beside=[JUPYTER]), "shares its control group with a notebook server"),
        (HostView("/", container="docker", first="/sbin/init"), "ends with its container (docker)"),
        (HostView("/kubepods/pod1", container="a pod"), "ends with its container (a pod)"),
        (HostView("/", batteries=["BAT0 discharging"]), "has a battery (BAT0 discharging)"),
        (HostView("/", hub=True), "a JupyterHub started"),
        (HostView("/", shuts_idle="shutdown_no_activity_timeout = 600 in its command"), "ends when it is idle"),
    ],
)
def test_what_would_end_a_guard_is_named(view, says):
    assert any(says in sentence for sentence in dangers(view))


@pytest.mark.parametrize(
    "view",
    [
        HostView(),
        HostView("/"),
        HostView("/system.slice/golive-guard@shop.service"),
        HostView("/system.slice/system-golive.slice/golive-guard@shop.service", beside=["golive guard shop"]),
        HostView(SESSION, kills_at_logout=False),
        HostView(USER, lingers=True),
        HostView("/", container="podman", first="/usr/bin/python -m golive.cli guard --store-variable S shop"),
    ],
)
def test_a_guard_that_is_supervised_or_outlives_a_logout_is_in_no_danger(view):
    assert dangers(view) == ()


def test_a_scope_is_the_shortest_name_of_where_a_process_stands():
    assert HostView(SESSION).scope == "session-3.scope"
    assert HostView("/", container="docker").scope == "a container (docker)"
    assert HostView().scope == "no control group that it can see"
