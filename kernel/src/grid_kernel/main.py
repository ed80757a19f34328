"""The command line of a service: run | serve | relay | consume | jobs | migrate | load PATH | dead-letters [ID …]."""

import argparse
import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from socket import socket
from typing import Any, Protocol

import uvicorn
from sqlalchemy import select
from starlette.types import ASGIApp

from grid_kernel import clock, inbox, migrations, tables, telemetry
from grid_kernel.app import service_app
from grid_kernel.labels import Labels
from grid_kernel.listening import with_kernel_handlers
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings, SettingsError
from grid_kernel.workers import Workers

log = logging.getLogger(__name__)


class MakeApp(Protocol):
    """What makes the application that is served, with those workers beside it."""

    def __call__(self, service: Service, settings: Any, /, *, workers: Workers) -> ASGIApp:
        """Make it."""


DRAIN_SECONDS = 15
_NOT_STARTED = 3
_SERVED = {"run": Workers.ALL, "serve": Workers.NONE}
_PARTS = {"relay": Workers.RELAY, "consume": Workers.CONSUME | Workers.ANSWER, "jobs": Workers.JOBS}


def main(
    service: Service,
    argv: list[str] | None = None,
    *,
    settings_class: type[ServiceSettings] = ServiceSettings,
    make_app: MakeApp = service_app,
) -> None:
    """Do what the command line says, for one service."""
    parser = argparse.ArgumentParser(prog=f"python -m {service.package}", description=service.title)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("run", "serve", "relay", "consume", "jobs", "migrate"):
        commands.add_parser(name)
    commands.add_parser("load").add_argument("folder", type=Path, nargs="?", default=None)
    commands.add_parser("dead-letters").add_argument("replay", nargs="*", metavar="ID")
    options = parser.parse_args(argv)
    try:
        settings = settings_class.load(service.name)
    except SettingsError as error:
        sys.exit(f"{service.name}: {error}")
    telemetry.configure_logging(service.name, settings.log_level)
    if options.command in _SERVED:
        serve(make_app(service, settings, workers=_SERVED[options.command]), settings)
    else:
        _do(service, settings, options)


def _do(service: Service, settings: ServiceSettings, options: argparse.Namespace) -> None:
    match options.command:
        case "migrate":
            migrations.upgrade(service, settings)
        case "load":
            asyncio.run(_load(service, settings, options.folder))
        case "dead-letters":
            asyncio.run(_dead_letters(service, settings, options.replay))
        case part:
            asyncio.run(_work(service, settings, _PARTS[part]))


def serve(app: ASGIApp, settings: ServiceSettings) -> None:
    """Serve until a signal, then finish the requests at hand; an app that holds open streams is told to `leave`."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        backlog=1024,
    )
    server = _Server(config, getattr(app, "leave", None))
    leave_out_of_collections()
    server.run()
    if not server.started:
        sys.exit(_NOT_STARTED)


def leave_out_of_collections() -> None:
    """Never look through what was loaded again: with the readings of names that stops every request for 150 ms."""
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Says that the process leaves before it waits for what is still open."""

    def __init__(self, config: uvicorn.Config, leave: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._leave = leave

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        if self._leave is not None:
            self._leave()
        await super().shutdown(sockets)


async def _work(service: Service, settings: ServiceSettings, workers: Workers) -> None:
    app = service_app(service, settings, workers=workers)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with app.router.lifespan_context(app):
        log.info("working")
        await stopped.wait()


async def _load(service: Service, settings: ServiceSettings, folder: Path | None) -> None:
    if service.loader is None:
        sys.exit(f"{service.name}: nothing to load")
    started = time.perf_counter()
    async with open_runtime(service, settings, Labels.load("grid_kernel", service.package)) as runtime:
        loaded = await service.loader(runtime, folder or settings.state_dir / "demo" / service.name, clock.now())
    log.info("loaded", extra={"rows": loaded, "seconds": round(time.perf_counter() - started, 1)})


async def _dead_letters(service: Service, settings: ServiceSettings, wanted: list[str]) -> None:
    service = replace(service, handlers=with_kernel_handlers(service))
    async with open_runtime(service, settings, Labels.load("grid_kernel", service.package)) as runtime:
        await _show_or_replay(runtime, wanted)


async def _show_or_replay(runtime: Runtime, named: list[str]) -> None:
    table = tables.dead_event
    async with runtime.system_session() as session:
        waiting = (await session.execute(select(table).where(table.c.replayed_at.is_(None)))).all()
    wanted = {row.event_id for row in waiting} if named == ["all"] else set(named)
    for row in waiting:
        done = "replayed" if row.event_id in wanted and await inbox.replay(runtime, row.event_id) else "waiting"
        line = f"{runtime.service.name}\t{row.event_id}\t{row.subject}\t{row.tries}\t{row.error}\t{done}"
        sys.stdout.write(line + "\n")
