"""What a host says of a process, from files that stand in for /proc, /sys and /etc."""

import pytest

from golive.adapters.host import Host
from golive.core.standing import dangers


@pytest.fixture
def host(tmp_path):
    """Write files of a made-up machine, and give the view of its process 7."""

    def view(files, **environment):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return Host(tmp_path, {"USER": "ada", "HOME": "/home/ada", **environment}).view("7")

    return view


SERVICE = {
    "proc/7/cgroup": "0::/system.slice/jupyter.service\n",
    "sys/fs/cgroup/system.slice/jupyter.service/cgroup.procs": "7\n8\n9\n",
    "proc/7/cmdline": "python\0-m\0golive.cli\0guard\0x",
    "proc/8/cmdline": "python\0/opt/bin/jupyter-lab\0--ServerApp.shutdown_no_activity_timeout=3600\0",
    "proc/1/cmdline": "/sbin/init\0",
}


def test_a_guard_in_the_notebook_servers_own_service_is_seen_with_it(host):
    view = host(SERVICE)

    assert view.group == "/system.slice/jupyter.service"
    assert view.beside == ("python /opt/bin/jupyter-lab --ServerApp.shutdown_no_activity_timeout=3600",)
    assert view.shuts_idle == "shutdown_no_activity_timeout = 3600 in its command"
    assert len(dangers(view)) == 3


def test_the_older_hierarchies_name_systemds_own(host):
    view = host({"proc/7/cgroup": "12:cpu:/a\n1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n"})

    assert view.scope == "session-3.scope"


@pytest.mark.parametrize(
    ("files", "kills"),
    [
        ({}, None),
        ({"etc/systemd/logind.conf": "[Login]\n#KillUserProcesses=yes\n"}, None),
        ({"etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n"}, True),
        (
            {
                "etc/systemd/logind.conf": "[Login]\nKillUserProcesses=yes\n",
                "etc/systemd/logind.conf.d/10.conf": "[Login]\nKillUserProcesses = no\n",
            },
            False,
        ),
    ],
)
def test_what_a_logout_does_is_read_where_logind_says_it(host, files, kills):
    assert host(files).kills_at_logout is kills


def test_lingering_is_seen(host):
    assert host({}).lingers is False
    assert host({"var/lib/systemd/linger/ada": ""}).lingers is True


def test_batteries_of_the_machine_count_and_those_of_a_mouse_do_not(host):
    supply = "sys/class/power_supply"
    view = host(
        {
            f"{supply}/BAT0/type": "Battery\n",
            f"{supply}/BAT0/status": "Discharging\n",
            f"{supply}/hid-1/type": "Battery\n",
            f"{supply}/hid-1/scope": "Device\n",
            f"{supply}/AC/type": "Mains\n",
        }
    )

    assert view.batteries == ("BAT0 discharging",)


@pytest.mark.parametrize(
    ("files", "environment", "container"),
    [
        ({".dockerenv": ""}, {}, "docker"),
        ({"run/.containerenv": ""}, {}, "podman"),
        ({"proc/7/cgroup": "0::/system.slice/docker-abc.scope\n"}, {}, "docker"),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, "a pod"),
        ({}, {"container": "lxc"}, "lxc"),
        ({}, {}, ""),
    ],
)
def test_a_container_is_seen_by_its_signs(host, files, environment, container):
    assert host(files, **environment).container == container


def test_a_hub_and_a_server_that_ends_when_idle_are_seen(host):
    config = {"home/ada/.jupyter/jupyter_server_config.json": '{"ServerApp": {"shutdown_no_activity_timeout": 600}}'}
    view = host(config, JUPYTERHUB_API_URL="http://hub")

    assert view.hub
    assert view.shuts_idle.startswith("shutdown_no_activity_timeout = 600 in /home/ada/.jupyter")


def test_what_is_commented_out_or_zero_is_not_said(host):
    text = "# c.ServerApp.shutdown_no_activity_timeout = 600\nc.ServerApp.shutdown_no_activity_timeout = 0\n"

    assert host({"home/ada/.jupyter/jupyter_server_config.py": text}).shuts_idle == ""


def test_of_a_machine_that_shows_nothing_nothing_is_claimed(host):
    view = host({})

    assert (view.group, view.beside, view.batteries, dangers(view)) == ("", (), (), ())
