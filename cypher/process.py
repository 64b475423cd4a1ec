"""Processes of the operating system: is it still the one we started, end it, let it end with its owner.

Knows pids, start times and command lines; does not know Neo4j. A pid alone proves nothing: numbers are used again.
"""

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# Ends when its standard input closes, which the kernel does for an owner however it ended; then asks the process to
# stop, if it is still the one whose command line holds the given text.
WATCH = """cat >/dev/null
if [ -r "/proc/$1/cmdline" ]; then tr '\\0' ' ' <"/proc/$1/cmdline"; else ps -o command= -p "$1"; fi |
grep -qF -- "$2" && kill -TERM "$1"
"""


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for good: its number, and when it began as the system writes it."""

    pid: int
    began: str


def identify(pid: int) -> Identity | None:
    """Return who has that number now, or None."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except FileNotFoundError:
        return None if Path("/proc/self/stat").exists() else _identify_by_ps(pid)
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else Identity(pid, fields[19])


def command_line(pid: int) -> str:
    """Return the command line of a process, "" when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _ps(pid, "command=")
    except OSError:
        return ""


def alive(identity: Identity) -> bool:
    """Whether that very process still runs."""
    return identify(identity.pid) == identity


def end(identity: Identity, patience_s: float = 15.0) -> None:
    """Ask a process to stop, and kill it with its group when it has not stopped after `patience_s`."""
    if not alive(identity):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, signal.SIGTERM)
    if wait_for_end(identity, patience_s):
        return
    kill_group(identity.pid)
    wait_for_end(identity, patience_s)


def wait_for_end(identity: Identity, patience_s: float) -> bool:
    """Wait until a process has ended; false when it still runs after `patience_s`."""
    deadline = time.monotonic() + patience_s
    while alive(identity):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def kill_group(pid: int) -> None:
    """Kill the group of a process that was started as the leader of one."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def watch(pid: int, mark: str) -> "subprocess.Popen[bytes]":
    """Let a process stop with its owner, which is this one. `mark` is a text that only its command line holds."""
    return subprocess.Popen(
        ["sh", "-c", WATCH, "sh", str(pid), mark],
        stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip


def unwatch(watcher: "subprocess.Popen[bytes]") -> None:
    """Stop watching without stopping what was watched."""
    watcher.kill()
    if watcher.stdin is not None:
        watcher.stdin.close()
    watcher.wait()


def _identify_by_ps(pid: int) -> Identity | None:
    began = _ps(pid, "lstart=")
    return Identity(pid, began) if began else None


def _ps(pid: int, column: str) -> str:
    found = subprocess.run(["ps", "-o", column, "-p", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.strip()
