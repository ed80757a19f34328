"""The launcher's PostgreSQL: real clusters, killed and started again."""

import asyncio
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import psutil
import pytest
from tests.deploy.conftest import kill_families

from grid_deploy.errors import DeployError
from grid_deploy.postgres import Cluster, find_binaries
from grid_deploy.settings import Settings


def ask(url: str, statement: str) -> Any:
    """The first value a statement returns."""

    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_starting_twice_finds_the_same_server(settings: Settings) -> None:
    first = Cluster(settings).start()
    assert Cluster(settings).start() == first


def test_data_survive_stop_and_start(settings: Settings) -> None:
    cluster = Cluster(settings)
    cluster.start()
    ask(cluster.url, "create table kept as select 1 as n")
    cluster.stop()
    assert cluster.running() is None
    cluster.start()
    assert ask(cluster.url, "select n from kept") == 1


def test_what_was_committed_survives_kill_9_of_everything(settings: Settings) -> None:
    cluster = Cluster(settings)
    server = cluster.start()
    ask(cluster.url, "create table kept as select 1 as n")
    kill_families(server.pid)
    again = cluster.start()
    assert again.pid != server.pid
    assert ask(cluster.url, "select n from kept") == 1


def test_a_server_whose_postmaster_alone_was_killed_starts_again(settings: Settings) -> None:
    cluster = Cluster(settings)
    os.kill(cluster.start().pid, signal.SIGKILL)
    time.sleep(0.05)
    cluster.start()
    assert ask(cluster.url, "select 1") == 1


def test_a_lock_whose_pid_is_somebody_else_by_now_does_not_prevent_a_start(settings: Settings) -> None:
    cluster = Cluster(settings)
    kill_families(cluster.start().pid)
    lock = cluster.data / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    cluster.start()
    assert ask(cluster.url, "select 1") == 1


def test_a_server_whose_note_was_lost_is_found_by_its_data(settings: Settings) -> None:
    cluster = Cluster(settings)
    first = cluster.start()
    shutil.rmtree(settings.run_dir)
    assert cluster.start() == first


def test_another_port_moves_the_running_server(settings: Settings) -> None:
    Cluster(settings).start()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    moved = Cluster(replace(settings, postgres_port=port))
    moved.start()
    assert ask(moved.url, "show port") == str(port)


def test_a_taken_port_is_said_with_the_name_of_the_setting(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", settings.postgres_port)), pytest.raises(DeployError) as refusal:
        Cluster(settings).start()
    port, holder = settings.postgres_port, f"by {psutil.Process().name()} (pid {os.getpid()})"
    assert str(refusal.value) == f"端口 {port} 被占用 / port {port} is taken {holder}: set GRID_POSTGRES_PORT"


def test_an_initialisation_cut_short_is_done_anew(settings: Settings) -> None:
    cluster = Cluster(settings)
    torn = cluster.folder / "data.new"
    torn.mkdir(parents=True, mode=0o700)
    (torn / "PG_VERSION").write_text("18\n")
    cluster.start()
    assert not torn.exists()


def test_passwords_are_required_and_only_loopback_is_served(settings: Settings) -> None:
    cluster = Cluster(settings)
    server = cluster.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        ask(re.sub(r":[^:@]+@", ":wrong@", cluster.url), "select 1")
    listening = [each.laddr.ip for each in psutil.Process(server.pid).net_connections("all") if each.status == "LISTEN"]
    assert listening == ["127.0.0.1"]
    assert ask(cluster.url, "show unix_socket_directories") == ""
    assert ask(cluster.url, "show data_checksums") == "on"
    assert ask(cluster.url, "select rolpassword like 'SCRAM-SHA-256$%' from pg_authid where rolname = 'postgres'")
    assert ask(cluster.url, "select pg_encoding_to_char(encoding) from pg_database limit 1") == "UTF8"


def test_only_the_owner_can_read_the_data_and_the_password(settings: Settings) -> None:
    cluster = Cluster(settings)
    cluster.start()
    assert stat.S_IMODE(cluster.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.secrets_dir / "postgres.password").stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
    assert not list(cluster.folder.glob("password*"))


def test_data_of_another_major_version_are_not_touched(settings: Settings) -> None:
    cluster = Cluster(settings)
    cluster.data.mkdir(parents=True)
    (cluster.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(DeployError, match="GRID_POSTGRES_BIN"):
        cluster.start()


def test_a_folder_without_postgresql_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match="GRID_POSTGRES_BIN"):
        find_binaries(tmp_path, None)


@pytest.mark.skipif(not Path("/usr/lib/postgresql").is_dir(), reason="no PostgreSQL of the system")
def test_the_systems_postgresql_serves_as_well(settings: Settings) -> None:
    newest = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name))
    cluster = Cluster(replace(settings, postgres_bin=newest))
    cluster.start()
    assert str(ask(cluster.url, "show server_version")).startswith(newest.parent.name)


ORDINARY = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]


@pytest.mark.skipif(
    os.geteuid() != 0 or subprocess.run([*ORDINARY, "true"], check=False).returncode != 0,
    reason="needs root and user namespaces",
)
def test_an_ordinary_user_needs_nothing_special(settings: Settings) -> None:
    code = (
        "import os, sys; from pathlib import Path; from grid_deploy.postgres import Cluster;"
        "from grid_deploy.settings import Settings; assert os.geteuid() == 1000;"
        "Cluster(Settings(Path(sys.argv[1]), postgres_port=int(sys.argv[2]))).start()"
    )
    command = [*ORDINARY, sys.executable, "-c", code, str(settings.state_dir), str(settings.postgres_port)]
    subprocess.run(command, check=True, timeout=60)
    assert ask(Cluster(settings).url, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_root_without_namespaces_runs_the_server_as_nobody(settings: Settings) -> None:
    """A namespace in which further ones are refused is what a container looks like from inside."""
    state = Path(f"/tmp/grid-deploy-test-{os.getpid()}")  # noqa: S108 - pytest's own folder is closed to others
    state.mkdir(mode=0o755)
    inner = (
        'echo 0 > /proc/sys/user/max_user_namespaces; exec "$0" -c \''
        "import sys; from pathlib import Path; from grid_deploy.postgres import Cluster;"
        "from grid_deploy.settings import Settings;"
        'Cluster(Settings(Path(sys.argv[1]), postgres_port=int(sys.argv[2]))).start()\' "$@"'
    )
    command = ["unshare", "--user", "sh", "-c", 'read go; exec sh -c "$@"', "sh", inner, sys.executable]
    command += [str(state), str(settings.postgres_port)]
    own = replace(settings, state_dir=state)
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as child:
            wait_for_namespace(child.pid)
            for kind in ("uid", "gid"):
                Path(f"/proc/{child.pid}/{kind}_map").write_text("0 0 65536\n")
            child.communicate("go\n", timeout=60)
        assert child.returncode == 0
        server = Cluster(own).running()
        assert server is not None
        assert psutil.Process(server.pid).uids().real == 65534
        assert ask(Cluster(own).url, "select 1") == 1
    finally:
        Cluster(own).stop()
        shutil.rmtree(state)


def wait_for_namespace(pid: int) -> None:
    """Until the child has left our user namespace."""
    ours = Path("/proc/self/ns/user").readlink()
    while Path(f"/proc/{pid}/ns/user").readlink() == ours:
        time.sleep(0.01)
