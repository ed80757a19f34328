"""The demonstration town: generated, loaded once through the services' own commands, restored on demand."""

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import nats
from nats.js.errors import NotFoundError

from grid_deploy import commands, migrations
from grid_deploy.engines import Engines
from grid_deploy.errors import DeployError
from grid_deploy.provision import connect, database_url_file, drop_databases, provision
from grid_deploy.settings import ROOT, SERVICES, Settings
from grid_kernel.bus import STREAM

SEED = 1
_STAGES = (("gis", "gateway", "population"), ("approval", "dispute"))
_NOTE = "demo.json"
_LOADING, _LOADED = "loading", "loaded"


def load_once(engines: Engines, environ: Mapping[str, str]) -> bool:
    """Load the demo unless it is there. The services run, for some parts ask other services while they load."""
    note = _read_note(engines.settings)
    if note.get("state") == _LOADED:
        return False
    if note.get("state") == _LOADING:
        raise DeployError("演示数据上次未载入完 / the demo was cut short while it loaded: make demo-reset")
    load(engines, environ)
    return True


def was_cut_short(settings: Settings) -> bool:
    """Whether a load of the demo began and never ended."""
    return _read_note(settings).get("state") == _LOADING


def load(engines: Engines, environ: Mapping[str, str]) -> None:
    """Generate the demo for today and let each service load its part, places and people before what refers to them."""
    settings = engines.settings
    as_of = environ.get("GRID_DEMO_AS_OF") or datetime.now(ZoneInfo("Asia/Shanghai")).date().isoformat()
    _write_note(settings, {"state": _LOADING, "seed": SEED, "as_of": as_of})
    folder = settings.state_dir / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    command = [sys.executable, "-m", "grid_deploy.demo", "--seed", str(SEED), "--as-of", as_of, "--out", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DeployError(f"无法生成演示数据 / the demo could not be generated:\n{done.stderr[-2000:]}")
    for stage in _STAGES:
        told = [(each, ("load", str(folder / each.name))) for each in SERVICES if each.name in stage]
        commands.in_services(engines, told, environ)
    asyncio.run(_gather_statistics(settings))
    _write_note(settings, {"state": _LOADED, "seed": SEED, "as_of": as_of})


def empty(engines: Engines, environ: Mapping[str, str]) -> None:
    """Back to empty, migrated databases, an empty stream and no attachments; the services are stopped."""
    if engines.settings.environment == "production":
        raise DeployError("生产环境不可清空数据 / GRID_ENVIRONMENT=production: data is not emptied here")
    asyncio.run(drop_databases(engines.admin_url, [process.database for process in SERVICES]))
    asyncio.run(_drop_stream(engines.nats_url))
    shutil.rmtree(engines.settings.state_dir / "blobs", ignore_errors=True)
    asyncio.run(provision(engines.admin_url, engines.settings.secrets_dir, engines.settings.cipher_suite))
    migrations.migrate(engines, environ)
    (engines.settings.state_dir / _NOTE).unlink(missing_ok=True)


def log_ins(settings: Settings) -> list[tuple[str, str, str]]:
    """The demo's accounts with a known password: who, log-in, password."""
    path = settings.state_dir / "demo" / "gateway" / "accounts.ndjson"
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [(row["display_name"], row["login"], row["password_plain"]) for row in rows if row.get("password_plain")]


async def _gather_statistics(settings: Settings) -> None:
    """Tell the planner what was loaded; until autovacuum came by, a district's progress took 5 s instead of 0.03."""
    for service in SERVICES:
        url = database_url_file(settings.secrets_dir, service.name, "owner").read_text("utf-8").strip()
        connection = await connect(url)
        try:
            await connection.execute("analyze")
        finally:
            await connection.close()


async def _drop_stream(nats_url: str) -> None:
    """Old events must not reach new databases; the services make the stream anew."""
    client = await nats.connect(nats_url, connect_timeout=5, max_reconnect_attempts=1)
    try:
        await client.jetstream().delete_stream(STREAM)
    except NotFoundError:
        return
    finally:
        await client.close()


def _read_note(settings: Settings) -> dict[str, Any]:
    try:
        note: dict[str, Any] = json.loads((settings.state_dir / _NOTE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note


def _write_note(settings: Settings, note: Mapping[str, Any]) -> None:
    path = settings.state_dir / _NOTE
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps(dict(note)), "utf-8")
    partial.replace(path)
