"""A release's tag: on the commit that is named, at the remote, and never moved."""

from __future__ import annotations

import subprocess

import pytest

from golive.adapters import git
from golive.adapters.git import Repository
from golive.ports import Happened, Refused, Unknown

QUIET = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")


def run(folder, *words):
    return subprocess.run(
        ["git", *QUIET, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def copy(tmp_path, monkeypatch):
    """A working copy with two commits and its remote, beside it."""
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "ada@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    run(tmp_path, "init", "--quiet", "--bare", "remote.git")
    run(tmp_path, "init", "--quiet", "copy")
    copy = tmp_path / "copy"
    run(copy, "remote", "add", "origin", str(tmp_path / "remote.git"))
    for number in (1, 2):
        (copy / "site").write_text(str(number))
        run(copy, "add", "site")
        run(copy, "commit", "--quiet", "-m", f"release {number}")
    return copy


def at(copy, what):
    return run(copy, "rev-parse", what)


def remote_tags(copy):
    return run(copy, "ls-remote", "--tags", "origin")


async def test_the_tag_stands_on_the_named_commit_here_and_at_the_remote_with_its_reason(copy):
    first = at(copy, "HEAD~1")
    answer = await Repository(copy, "origin").tag("v1-canary", first[:12], "golive: a go-live")

    assert isinstance(answer, Happened) and first[:12] in answer.seen
    assert f"{first}\trefs/tags/v1-canary^{{}}" in remote_tags(copy)
    assert run(copy, "tag", "--list", "--format=%(contents:subject)", "v1-canary") == "golive: a go-live"


async def test_asked_twice_it_is_made_once(copy):
    repository, head = Repository(copy, "origin"), at(copy, "HEAD")
    await repository.tag("v1", head, "one")
    before = remote_tags(copy)
    answer = await repository.tag("v1", head, "two")

    assert isinstance(answer, Happened) and remote_tags(copy) == before


async def test_a_tag_that_was_made_and_not_pushed_is_pushed(copy):
    run(copy, "tag", "-a", "v1", "-m", "one")
    answer = await Repository(copy, "origin").tag("v1", at(copy, "HEAD"), "two")

    assert isinstance(answer, Happened) and "refs/tags/v1" in remote_tags(copy)


async def test_a_tag_that_stands_elsewhere_is_left_there(copy):
    repository = Repository(copy, "origin")
    await repository.tag("v1", at(copy, "HEAD~1"), "one")
    pushed = await repository.tag("v1", at(copy, "HEAD"), "two")
    run(copy, "tag", "-a", "v2", "HEAD~1", "-m", "here only")
    local = await repository.tag("v2", at(copy, "HEAD"), "two")

    assert isinstance(pushed, Refused) and at(copy, "HEAD~1")[:12] in pushed.why
    assert isinstance(local, Refused) and "here already" in local.why


async def test_a_working_copy_with_changes_is_refused_since_they_may_have_been_deployed(copy):
    (copy / "site").write_text("changed")
    answer = await Repository(copy, "origin").tag("v1", at(copy, "HEAD"), "one")

    assert isinstance(answer, Refused) and "site" in answer.why
    assert remote_tags(copy) == ""


@pytest.mark.parametrize("name", ["", "-d", "a b", "v1..2", "v1~1", "v1.lock", "x" * 200, "..", "$(touch x)"])
async def test_what_is_no_name_for_a_tag_is_refused(copy, name):
    answer = await Repository(copy, "origin").tag(name, at(copy, "HEAD"), "one")

    assert isinstance(answer, Refused) and "is no name for a tag" in answer.why


async def test_a_commit_that_is_not_there_is_refused(copy):
    answer = await Repository(copy, "origin").tag("v1", "deadbeef" * 5, "one")

    assert isinstance(answer, Refused) and "has no commit deadbeefdead" in answer.why


async def test_a_remote_that_can_not_be_read_is_unknown_and_no_tag_is_made(copy):
    run(copy, "remote", "set-url", "origin", str(copy / "nowhere"))
    answer = await Repository(copy, "origin").tag("v1", at(copy, "HEAD"), "one")

    assert isinstance(answer, Unknown) and "can't be read" in answer.why
    assert run(copy, "tag", "--list") == ""


async def test_a_push_that_the_remote_refuses_is_unknown_and_its_words_are_told(copy):
    hook = copy.parent / "remote.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'error: no tags on a friday' >&2\nexit 1\n")
    hook.chmod(0o755)
    answer = await Repository(copy, "origin").tag("v1", at(copy, "HEAD"), "one")

    assert isinstance(answer, Unknown) and "its push is not seen" in answer.why


async def test_a_password_in_the_remotes_address_is_told_to_nobody(copy):
    run(copy, "remote", "set-url", "origin", "http://ada:secret@127.0.0.1:1/x.git")
    answer = await Repository(copy, "origin").tag("v1", at(copy, "HEAD"), "one")

    assert isinstance(answer, Unknown) and "secret" not in answer.why


async def test_a_git_that_hangs_is_ended_and_said(copy, monkeypatch, tmp_path):
    slow = tmp_path / "bin"
    slow.mkdir()
    (slow / "git").write_text("#!/bin/sh\nsleep 60\n")
    (slow / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(slow), prepend=":")
    monkeypatch.setattr(git, "WITHIN", 0.2)
    answer = await Repository(copy, "origin").tag("v1", "c0ffee0", "one")

    assert isinstance(answer, Unknown) and "was ended" in answer.why


async def test_a_folder_that_is_no_repository_is_refused(tmp_path):
    answer = await Repository(tmp_path, "origin").tag("v1", "c0ffee0", "one")

    assert isinstance(answer, Refused) and "not a git repository" in answer.why
