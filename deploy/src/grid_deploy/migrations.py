"""Bringing databases to the newest revision, and writing a new one."""

import asyncio
import hashlib
import importlib.util
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from grid_deploy import commands
from grid_deploy.engines import Engines
from grid_deploy.environment import service_environment
from grid_deploy.errors import DeployError
from grid_deploy.provision import connect
from grid_deploy.settings import ROOT, SERVICES, ServiceProcess

# Runs in the service's own process: this package imports no service.
_WRITE = """
import importlib, sys
from grid_kernel import migrations
from grid_kernel.settings import ServiceSettings
service = importlib.import_module(sys.argv[1] + ".app").SERVICE
migrations.revision(service, ServiceSettings.load(service.name), sys.argv[2])
"""


def migrate(engines: Engines, environ: Mapping[str, str], services: Sequence[ServiceProcess] = SERVICES) -> None:
    """Bring databases to the newest revision, as their owners, and note on each what it was brought to."""
    commands.in_services(engines, [(process, ("migrate",)) for process in services], environ, owner=True)
    asyncio.run(_note(engines.admin_url, services))


def migrate_changed(engines: Engines, environ: Mapping[str, str]) -> None:
    """Migrate those databases whose migrations are not the ones noted on them; starting Python takes its time."""
    noted = asyncio.run(_noted(engines.admin_url))
    if changed := [each for each in SERVICES if noted.get(each.database) != fingerprint(each)]:
        migrate(engines, environ, changed)


def write(engines: Engines, service: str, message: str, environ: Mapping[str, str]) -> None:
    """Write a migration from the difference between models and database, to be read and corrected by hand."""
    process = commands.service_named(service)
    environment = service_environment(engines, process, environ=environ, owner=True)
    command = [sys.executable, "-c", _WRITE, process.module, message]
    if subprocess.run(command, env=environment, cwd=ROOT, check=False).returncode != 0:
        raise DeployError(f"无法生成迁移 / no migration was written for {service}")


def fingerprint(process: ServiceProcess) -> str:
    """Changes whenever a migration of the service, or what the kernel adds to it, changes."""
    kernel = _folder("grid_kernel")
    files = [
        kernel / "migrations.py",
        kernel / "tables.py",
        *sorted(_folder(process.module).glob("migrations/**/*.py")),
    ]
    digest = hashlib.sha256()
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return f"migrations {digest.hexdigest()[:16]}"


def _folder(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise DeployError(f"未安装 / not installed: {package}")
    return Path(found.submodule_search_locations[0])


async def _noted(admin_url: str) -> dict[str, str]:
    """The note lies in the database itself, so that it is dropped and restored with it."""
    admin = await connect(admin_url)
    try:
        rows = await admin.fetch("select datname, shobj_description(oid, 'pg_database') as note from pg_database")
    finally:
        await admin.close()
    return {row["datname"]: row["note"] for row in rows}


async def _note(admin_url: str, services: Sequence[ServiceProcess]) -> None:
    admin = await connect(admin_url)
    try:
        for process in services:
            await admin.execute(f"comment on database \"{process.database}\" is '{fingerprint(process)}'")
    finally:
        await admin.close()
