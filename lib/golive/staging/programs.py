"""The programs that a distribution must provide, and the one command that installs what is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable

from golive.core.errors import WorldFailed

PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin")
POLICY = "/usr/sbin/policy-rc.d"


def found(name: str) -> str | None:
    """Give the path of a program, also where only root's PATH would look; None when it is nowhere."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(PLACES))


def need(names: Iterable[str]) -> dict[str, str]:
    """Give name -> path of programs that are packages of the same name.

    Raises:
        WorldFailed: If one is missing; NEXT is the one command that installs all that are.
    """
    wanted = tuple(names)
    paths = {name: path for name in wanted if (path := found(name)) is not None}
    missing = [name for name in wanted if name not in paths]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise WorldFailed(f"{' and '.join(missing)} {are} not installed here\nNEXT     {command(missing)}")
    return paths


def command(packages: Iterable[str]) -> str:
    """Give the line that installs Debian packages and starts no service of theirs.

    A package that brings a service starts it at once, on its usual port, unless `policy-rc.d` says no
    (https://manpages.debian.org/bookworm/init-system-helpers/invoke-rc.d.8.en.html).
    """
    aside = f"P={POLICY}; [ ! -e $P ] || mv $P $P.golive"
    back = 'trap "rm -f $P; [ ! -e $P.golive ] || mv $P.golive $P" 0'
    no = r'printf "#!/bin/sh\nexit 101\n" >$P; chmod 755 $P'
    install = f"DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends {' '.join(packages)}"
    return f"sudo sh -c '{aside}; {back}; {no}; apt-get update -q && {install}'"
