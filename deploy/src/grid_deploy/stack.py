"""The whole system on this machine: up, down, emptied, cleaned."""

import asyncio
import fcntl
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from grid_deploy import engines, migrations, seeding, services
from grid_deploy.engines import Engines
from grid_deploy.environment import public_url
from grid_deploy.errors import DeployError
from grid_deploy.provision import provision
from grid_deploy.settings import Settings

# What this program makes below the state folder; cleaning removes nothing else.
_PARTS = ("postgres", "nats", "log", "run", "secrets", "demo", "blobs", "tests", "demo.json")


def up(settings: Settings, environ: Mapping[str, str]) -> None:
    """Start everything that does not run yet; come back when it is ready."""
    began = time.monotonic()
    with _alone(settings):
        services.require_free_ports(settings, environ)
        prepared = prepare(settings, environ)
        demo = settings.demo and settings.environment == "development"
        if demo and seeding.was_cut_short(settings):
            services.stop(settings)
            seeding.empty(prepared, environ)
        started = services.start(prepared, environ)
        if demo and seeding.load_once(prepared, environ):
            print(f"演示数据已载入 / demo loaded ({time.monotonic() - began:.1f} s)")
    what = "已启动 / started" if started else "已在运行 / running already"
    print(f"{what} ({time.monotonic() - began:.1f} s)\n")
    _print_welcome(settings, environ)


def prepare(settings: Settings, environ: Mapping[str, str]) -> Engines:
    """Engines that run, with provisioned and migrated databases."""
    started = engines.start(settings)
    asyncio.run(provision(started.admin_url, settings.secrets_dir, settings.cipher_suite))
    migrations.migrate_changed(started, environ)
    return started


def down(settings: Settings) -> None:
    """Stop services, broker and database, in this order, and only those started here."""
    with _alone(settings):
        stopped = services.stop(settings)
        engines.stop(settings)
    print(f"已停止 / stopped: {', '.join(stopped) or 'nothing ran'}")


def demo_reset(settings: Settings, environ: Mapping[str, str]) -> None:
    """Throw all data away and load the demo anew; the services run afterwards."""
    with _alone(settings):
        services.stop(settings)
        prepared = prepare(settings, environ)
        seeding.empty(prepared, environ)
        services.start(prepared, environ)
        seeding.load(prepared, environ)
    print("演示数据已恢复 / demo restored")


def clean(settings: Settings) -> None:
    """Stop everything and remove the state: data, secrets, logs."""
    if settings.environment == "production":
        raise DeployError("生产环境不可清除 / GRID_ENVIRONMENT=production: remove the state by hand")
    down(settings)
    for part in _PARTS:
        path = settings.state_dir / part
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if settings.state_dir.is_dir() and not any(settings.state_dir.iterdir()):
        settings.state_dir.rmdir()


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One act at a time on one state folder."""
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    with (settings.run_dir / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("等待另一条命令结束 / waiting for another command to finish")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _print_welcome(settings: Settings, environ: Mapping[str, str]) -> None:
    print(f"  {public_url(environ)}/\n")
    for who, log_in, password in seeding.log_ins(settings):
        print(f"  {log_in:<20} {password:<28} {who}")
    print("\n停止 / stop: make down   状态 / status: make status   日志 / logs: make logs")
