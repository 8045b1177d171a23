"""Tie a command's life to its parent's: `python -m local.tie PARENT_PID SIGNAL USER COMMAND...` becomes COMMAND.

The kernel sends SIGNAL to it when the parent dies, however it dies (Linux; elsewhere only the parent's own clean-up
ends it). USER is the account to run as, `-` for the present one. Changing the account clears the parent-death
signal, so it is asked for last.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def prctl(option: int, value: int) -> None:
    """Set a process attribute where the kernel is Linux; raises OSError when it refuses."""
    if sys.platform != "linux":
        return
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def become(user: str) -> None:
    """Give up root for the named account."""
    account = pwd.getpwnam(user)
    os.initgroups(user, account.pw_gid)
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)


def main(parent: int, number: int, user: str, command: list[str]) -> None:
    """Never returns: the process becomes the command, or ends because the parent is gone already."""
    if user != "-":
        become(user)
    prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(f"process {parent} ended before {command[0]} began")
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4:])
