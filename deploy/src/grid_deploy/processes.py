"""Processes of ours: started in a session of their own, remembered by pid and start time, stopped by signal.

A pid alone proves nothing after a crash or a restart of the machine: it may belong to somebody else by now.
"""

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from grid_deploy.errors import DeployError

LOG_LIMIT = 20 * 1024 * 1024
# How long the kernel may take to give back the port of a process that was just killed.
_PORT_SECONDS = 1.0
_TRIAL_PORTS = range(20_000, 32_000)
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Process:
    """A process this program started once; `alive` says whether it still is that very process."""

    name: str
    pid: int
    started: str

    def alive(self) -> bool:
        """Whether the process still runs; a reused pid and a zombie do not count."""
        child = _children.get(self.pid)
        if child is None:
            return _start_of(self.pid) == self.started
        if child.poll() is None:
            return True
        del _children[self.pid]
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the pid has become somebody else's."""
        if self.alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return
            except PermissionError:
                raise DeployError(
                    f"{self.name} (pid {self.pid}) 属于其他用户 / belongs to another user: stop it as that user"
                ) from None

    def stop(self, number: signal.Signals, seconds: float, *, harder: signal.Signals = signal.SIGKILL) -> bool:
        """Ask to end, wait, then insist. True when the first signal was enough."""
        self.send(number)
        if _wait_gone(self, seconds):
            return True
        self.send(harder)
        if not _wait_gone(self, 10):
            self.send(signal.SIGKILL)
            _wait_gone(self, 10)
        return False


def launch(
    name: str,
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    **options: Any,
) -> Process:
    """Start a process that outlives this one, its output appended to a log file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            close_fds=True,
            **options,
        )
    _children[child.pid] = child
    return Process(name, child.pid, _start_of(child.pid) or "gone")


def remember(process: Process, run_dir: Path) -> None:
    """Write down pid and start time, in one step."""
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / f"{process.name}.pid"
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps({"pid": process.pid, "started": process.started}), "utf-8")
    partial.replace(path)


def recall(name: str, run_dir: Path) -> Process | None:
    """The running process of that name; a stale note is removed."""
    path = run_dir / f"{name}.pid"
    try:
        note = json.loads(path.read_text("utf-8"))
        process = Process(name, int(note["pid"]), str(note["started"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if process.alive():
        return process
    forget(name, run_dir)
    return None


def find(name: str, pid: int) -> Process | None:
    """A process found by its pid just now, by other evidence than a note."""
    started = _start_of(pid)
    return Process(name, pid, started) if started else None


def forget(name: str, run_dir: Path) -> None:
    """Remove the note of a process that has ended."""
    (run_dir / f"{name}.pid").unlink(missing_ok=True)


def require_free_port(port: int, setting: str, *, host: str = "127.0.0.1") -> None:
    """Refuse with the name of the setting when something else listens on the port."""
    until = time.monotonic() + _PORT_SECONDS
    while not _can_bind(host, port):
        if time.monotonic() > until:
            raise DeployError(f"端口 {port} 被占用 / port {port} is taken{_holder_of(port)}: set {setting}")
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports nobody uses just now, below those the system gives to outgoing connections; all different."""
    candidates = random.sample(_TRIAL_PORTS, k=len(_TRIAL_PORTS))
    return list(itertools.islice((port for port in candidates if _can_bind("127.0.0.1", port)), count))


def _can_bind(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _holder_of(port: int) -> str:
    """Who listens there, as far as this user may know."""
    try:
        held = (
            each.pid for each in psutil.net_connections("tcp") if each.laddr and each.laddr.port == port and each.pid
        )
        pid = next(held, None)
        return f" by {psutil.Process(pid).name()} (pid {pid})" if pid else ""
    except (psutil.Error, OSError):
        return ""


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message about a process that did not start."""
    try:
        return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return ""


def _wait_gone(process: Process, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while process.alive():
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    return True


def _start_of(pid: int) -> str | None:
    """When a process started, in a form that clock changes do not move; None when there is none."""
    if sys.platform == "linux":
        return _start_on_linux(pid)
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


def _start_on_linux(pid: int) -> str | None:
    try:
        # The command in parentheses may contain anything, also blanks and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return None
    # A killed process with threads shows as a zombie while the last of them still hold its ports and files.
    gone = fields[0] in {"Z", "X"} and int(fields[17]) <= 1
    return None if gone else f"{boot}:{fields[19]}"
