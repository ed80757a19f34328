"""Only a process that was started here is ever signalled."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from grid_deploy import processes
from grid_deploy.processes import Process

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def start(tmp_path: Path, code: str = "import time; print('up', flush=True); time.sleep(60)") -> Process:
    log = tmp_path / "log" / "sleeper.log"
    process = processes.launch("sleeper", [sys.executable, "-c", code], log=log)
    while "up" not in processes.tail(log):
        time.sleep(0.01)
    return process


def test_a_started_process_is_found_again_by_its_note(tmp_path: Path) -> None:
    process = start(tmp_path)
    processes.remember(process, tmp_path)
    assert processes.recall("sleeper", tmp_path) == process
    assert process.stop(signal.SIGTERM, 5)
    assert processes.recall("sleeper", tmp_path) is None
    assert not (tmp_path / "sleeper.pid").exists()


def test_a_pid_that_belongs_to_somebody_else_by_now_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        (tmp_path / "sleeper.pid").write_text(json.dumps({"pid": stranger.pid, "started": "an earlier boot:1"}))
        assert processes.recall("sleeper", tmp_path) is None
        Process("sleeper", stranger.pid, "an earlier boot:1").stop(signal.SIGKILL, 1)
        assert stranger.poll() is None
        stranger.kill()


def test_a_torn_note_counts_as_none(tmp_path: Path) -> None:
    (tmp_path / "sleeper.pid").write_text('{"pid": 1')
    assert processes.recall("sleeper", tmp_path) is None


def test_a_process_killed_from_outside_is_not_running(tmp_path: Path) -> None:
    process = start(tmp_path)
    os.kill(process.pid, signal.SIGKILL)
    while process.alive():
        time.sleep(0.01)
    processes.remember(process, tmp_path)
    assert processes.recall("sleeper", tmp_path) is None


def test_a_process_that_does_not_listen_is_ended_all_the_same(tmp_path: Path) -> None:
    process = start(tmp_path, STUBBORN)
    assert not process.stop(signal.SIGTERM, 0.3)
    assert not process.alive()


def test_a_process_lives_in_a_session_of_its_own(tmp_path: Path) -> None:
    process = start(tmp_path)
    assert os.getsid(process.pid) == process.pid
    process.stop(signal.SIGTERM, 5)


def test_a_log_that_has_grown_large_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "log" / "sleeper.log"
    log.parent.mkdir()
    with log.open("wb") as output:
        output.truncate(processes.LOG_LIMIT + 1)
    start(tmp_path).stop(signal.SIGTERM, 5)
    assert log.stat().st_size < 100
    assert log.with_suffix(".1.log").stat().st_size > processes.LOG_LIMIT
