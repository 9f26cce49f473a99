"""A record lies on a local disk, or nowhere."""

from pathlib import Path

import pytest

from golive.adapters.stores.disks import refuse_network
from golive.adapters.stores.sqlite import SqliteStore
from golive.core.errors import StoreUnavailable

LOCAL = ("ext4", "xfs", "btrfs", "overlay", "tmpfs", "zfs")
NOT_LOCAL = (
    *("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "fuse", "fuseblk", "fuse.sshfs", "fuse.s3fs"),
    *("ceph", "lustre", "beegfs", "ocfs2", "vboxsf"),
)


def mounts(*lines):
    return "\n".join(f"none {mount} {kind} rw,relatime 0 0" for mount, kind in lines)


@pytest.mark.parametrize("kind", NOT_LOCAL)
def test_a_folder_on_a_network_disk_is_refused(kind):
    with pytest.raises(StoreUnavailable, match=f"/data/runs lies on {kind}, where .*\nNEXT"):
        refuse_network(Path("/data/runs"), mounts(("/", "ext4"), ("/data", kind)))


@pytest.mark.parametrize("kind", LOCAL)
def test_a_folder_on_a_local_disk_is_taken(kind):
    refuse_network(Path("/data/runs"), mounts(("/", "nfs4"), ("/data", kind)))


def test_a_mount_beside_the_folder_says_nothing_about_it():
    refuse_network(Path("/data/runs"), mounts(("/", "ext4"), ("/data/run", "nfs4"), ("/data/runs/deeper", "cifs")))


def test_of_two_mounts_on_one_place_the_later_counts():
    with pytest.raises(StoreUnavailable):
        refuse_network(Path("/data/runs"), mounts(("/", "nfs"), ("/data", "ext4"), ("/data", "nfs4")))


def test_a_mount_with_a_space_in_its_name_is_found():
    with pytest.raises(StoreUnavailable):
        refuse_network(Path("/my data/runs"), mounts(("/", "ext4"), (r"/my\040data", "cifs")))


def test_a_record_on_this_machines_temporary_disk_is_opened(tmp_path):
    assert SqliteStore(tmp_path / "r.db", code="t", plan="p", clock=None).read() == ()
