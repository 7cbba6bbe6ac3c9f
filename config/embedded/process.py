"""Processes: whom a program runs as, and that it never outlives its parent."""

from __future__ import annotations

import ctypes
import os
import pwd
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict

PR_SET_PDEATHSIG = 1


def reaches(user: pwd.struct_passwd, folder: Path, test: str = 'cd "$1"') -> bool:
    """True if that user may enter the folder (or passes another shell test on it)."""
    command = ["/bin/sh", "-c", test, "sh", str(folder)]
    return subprocess.run(command, capture_output=True, check=False, cwd="/", **as_user(user)).returncode == 0  # noqa: S603


class Identity(TypedDict):
    """The arguments of subprocess that say whom a program runs as."""

    user: int | None
    group: int | None
    extra_groups: list[int] | None


def as_user(user: pwd.struct_passwd | None) -> Identity:
    """Arguments that make subprocess start a program as that user; None stands for ourselves."""
    if user is None:
        return {"user": None, "group": None, "extra_groups": None}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def die_with_parent(number: int) -> Callable[[], None]:
    """For preexec_fn: the child gets that signal when its parent dies, however it dies (Linux)."""
    parent = os.getpid()
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def before_exec() -> None:
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
