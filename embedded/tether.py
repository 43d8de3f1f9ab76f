"""Becomes another program that is asked to end when its parent dies.

    python -I -S tether.py SIGNAL PARENT_PID USER PROGRAM ARGUMENT...

USER is the operating system's account to run as, or "-" for the present one. A program of its own, because code between
fork and exec in a process with threads may hang. The order matters: a change of user forgets what the kernel was asked.
Source of the request: prctl(2), PR_SET_PDEATHSIG. Linux only; elsewhere the next owner ends what it finds.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1


def _run_as(name: str) -> None:
    account = pwd.getpwnam(name)
    os.initgroups(name, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def _die_with_parent(death_signal: int, parent_pid: int) -> None:
    if sys.platform == "linux" and ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0) != 0:
        sys.exit("prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent_pid:  # it died before the kernel was asked
        sys.exit("the parent is gone")


def _main(death_signal: str, parent_pid: str, user: str, *command: str) -> None:
    if user != "-":
        _run_as(user)
    _die_with_parent(int(death_signal), int(parent_pid))
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # the interpreter ignores it, and exec would hand that on
    os.execv(command[0], command)  # noqa: S606  the caller's own argument list, no shell


if __name__ == "__main__":
    _main(*sys.argv[1:])
