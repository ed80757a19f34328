"""Items and tiles against tipg and pygeoapi, in one run: 100,000 buildings, the same attributes, PostgreSQL 15.

    apt-get install -y postgresql-15 postgresql-15-postgis-3 wrk
    python3 -m venv var/tools/tipg && var/tools/tipg/bin/pip install tipg uvicorn httptools uvloop
    python3 -m venv var/tools/pygeoapi
    var/tools/pygeoapi/bin/pip install pygeoapi gunicorn sqlalchemy geoalchemy2 psycopg2-binary
    python benchmarks/gis/run.py                # 3 rounds; one (--rounds 1) takes five minutes

Both read PostGIS with its indexes and answer whoever asks. Ours checks a signed token, keeps both walls of permission,
and has telemetry, bounds and the access log on. One process each, wrk with 8 connections, keep-alive.
Pages `each once`: all of the collection, one after the other, with the number of all in each answer; other items
again and again. Tiles `read and drawn`: each once, when nothing that was kept is of use; `drawn`: each once, out of
what a tile above it has read; `changed`: each once, after a building was changed; `kept`: again and again.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import httpx
import numpy as np
import shapely

from gis_svc.app import SERVICE
from gis_svc.commands import addressing
from gis_svc.models import Building
from gis_svc.shapes import geojson_text, stored_shape
from gis_svc.tiles import Tile, corners
from grid_deploy import engines as launcher
from grid_deploy import trial
from grid_deploy.processes import free_ports
from grid_deploy.provision import signing_key_file
from grid_deploy.settings import Settings
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.bulk import copy_rows
from grid_kernel.geo import Box, Crs
from grid_kernel.labels import Labels
from grid_kernel.runtime import open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor

BIN = Path("/usr/lib/postgresql/15/bin")
TIPG = Path(os.environ.get("GRID_BENCH_TIPG", "var/tools/tipg"))
PYGEOAPI = Path(os.environ.get("GRID_BENCH_PYGEOAPI", "var/tools/pygeoapi"))
COUNT = 100_000
MOST_TILES = 400
BOX = (109.84, 40.63, 110.05, 40.80)
WHERE = Box(109.90, 40.66, 109.92, 40.68)
COLUMNS = ("name", "area_code", "community_code", "building_no", "compound", "road", "kind", "floors", "entrances",
           "address_text", "synthetic", "version")  # fmt: skip


def buildings() -> Iterator[Building]:
    """Blocks of flats all over the district, the same ones each time."""
    random = np.random.default_rng(20131009)
    places = random.uniform(BOX[:2], BOX[2:], (COUNT, 2)).round(7)
    now = clock.now()
    for number, (lon, lat) in enumerate(places.tolist()):
        footprint = shapely.box(lon - 2e-4, lat - 5e-5, lon + 2e-4, lat + 5e-5)
        community = f"150204{900 + number // 9_000:03}{1 + number % 9_000 // 900:03}"
        yield Building(
            id=UUID(int=number + 1), area_code=f"{community}{1 + number % 20:03}", community_code=community,
            building_no=f"{number % 9000 + 1:04}", name=f"育才小区{number}栋", compound="育才小区", road="青山路",
            kind="residential", floors=6, entrances=3, address_text=f"青山区青山路街道青山路育才小区{number}栋",
            lon=lon, lat=lat, point_crs=Crs.CGCS2000, point_source="file", footprint_geojson=geojson_text(footprint),
            registered_at=now, **stored_shape(footprint),
        )  # fmt: skip


async def fill_ours(settings: ServiceSettings, rows: list[Building]) -> None:
    """By COPY, then the statistics a running database has."""
    labels = Labels.load("grid_kernel", "gis_svc")
    async with open_runtime(SERVICE, settings, labels) as runtime:
        async with runtime.system_session() as session:
            await copy_rows(session, Building, rows)
        await addressing.grow_missing(runtime, clock.now())
    assert settings.owner_database_url is not None
    owner = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    await owner.execute("analyze building")
    await owner.close()


@contextmanager
def postgis(rows: list[Building]) -> Iterator[str]:
    """A cluster of its own with PostGIS and the same buildings; the address."""
    folder = Path(tempfile.mkdtemp(prefix="postgis"))
    shutil.chown(folder, "postgres")
    port = free_ports(1)[0]

    def run(*command: str, stdin: str | None = None) -> None:
        as_postgres = ["runuser", "-u", "postgres", "--", *command]
        subprocess.run(as_postgres, input=stdin, text=True, check=True, capture_output=True, cwd="/")

    run(str(BIN / "initdb"), "-D", str(folder / "data"), "-A", "trust", "-E", "UTF8", "--locale", "C.UTF-8")
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c shared_buffers=512MB -c jit=off"
    run(str(BIN / "pg_ctl"), "-D", str(folder / "data"), "-o", options, "-w", "-l", str(folder / "log"), "start")
    try:
        lines = "\n".join("\t".join(map(_plain, [row.id.int, *_values(row), row.shape_wkb.hex()])) for row in rows)
        columns = ", ".join(f"{name} {_type(name)}" for name in COLUMNS)
        sql = f"""create extension postgis; create table building (id bigint primary key, {columns}, geom text);
copy building from stdin;
{lines}
\\.
alter table building alter geom type geometry(Polygon, 4326) using st_setsrid(geom::geometry, 4326);
create index on building using gist (geom); analyze building;"""
        run(
            str(BIN / "psql"), "-h", str(folder), "-p", str(port), "-qX", "-v", "ON_ERROR_STOP=1", "postgres", stdin=sql
        )
        yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(str(BIN / "pg_ctl"), "-D", str(folder / "data"), "-m", "fast", "stop")
        shutil.rmtree(folder)


def _values(row: Building) -> list[Any]:
    return [getattr(row, name) for name in COLUMNS]


def _plain(value: Any) -> str:
    return {True: "t", False: "f"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _type(name: str) -> str:
    return {"floors": "int", "entrances": "int", "version": "int", "synthetic": "boolean"}.get(name, "text")


@contextmanager
def serving(command: list[str], environment: dict[str, str], ready: str) -> Iterator[None]:
    """A server in a process of its own, until it answers."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, env={**os.environ, **environment}, **quiet)
    try:
        for _ in range(300):
            try:
                if httpx.get(ready, timeout=5).status_code == httpx.codes.OK:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            raise SystemExit(f"{ready} does not answer")
        yield
    finally:
        process.terminate()
        process.wait(30)


LUA = """
local ffi = require("ffi")
ffi.cdef[[typedef struct {{ long s; long ns; }} moment; int clock_gettime(int, moment *);]]
local function now()
  local t = ffi.new("moment")
  ffi.C.clock_gettime(1, t)
  return tonumber(t.s) + tonumber(t.ns) / 1e9
end
local paths, n, thread = {{}}, 0, nil
for line in io.lines("{file}") do paths[#paths + 1] = line end
asked, begun, ended = 0, 0, 0
function setup(t) thread = t end
request = function()
  if begun == 0 then begun = now() end
  n = n + 1
  return wrk.format("GET", paths[(n - 1) % #paths + 1])
end
response = function()
  asked, ended = asked + 1, now()
  if {once} and asked >= #paths then wrk.thread:stop() end
end
done = function(summary, latency)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  local took = math.max(1e-9, thread:get("ended") - thread:get("begun"))
  io.write(string.format('{{"rps":%.1f,"p50":%.2f,"p99":%.2f,"bad":%d}}', thread:get("asked") / took,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, bad))
end
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A series: the paths of each server in turn, whether each is asked for once, what was asked before, and whether
    all is forgotten before or one building changed."""

    name: str
    ours: list[str]
    tipg: list[str] | None = None
    pygeoapi: list[str] | None = None
    once: bool = False
    warm: list[str] | None = None
    changed: bool = False


def measure(url: str, paths: list[str], token: str | None, seconds: int, *, once: bool) -> dict[str, float]:
    """One series of wrk: so many seconds, or until every path was asked for once."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script, tempfile.NamedTemporaryFile("w") as listed:
        listed.write("\n".join(paths))
        listed.flush()
        script.write(LUA.format(file=listed.name, once=str(once).lower()))
        script.flush()
        headers = ["-H", f"Authorization: Bearer {token}"] if token else []
        command = ["wrk", "-t1", "-c8", "--timeout", "10s", f"-d{seconds}s", "-s", script.name, *headers, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads("{" + done.stdout.rpartition("{")[2])
    if not found["rps"]:
        raise SystemExit(f"{url}{paths[0]}: not one answer in {seconds} s")
    if found["bad"]:
        raise SystemExit(f"{url}{paths[0]}: {found['bad']:.0f} answers were none")
    return found


def tiles_of(zoom: int) -> list[Tile]:
    """Every tile of the district at a zoom, row by row, 400 at most."""
    first, last = corners(Box(*BOX), zoom)
    rows, columns = range(first.row, last.row + 1), range(first.column, last.column + 1)
    return [Tile(zoom, column, row) for row in rows for column in columns][:MOST_TILES]


def _walk(ours: str, tipg: str, pygeoapi: str) -> Asked:
    """Every page of the collection once; ours is asked to count all as well, which the others do unasked."""
    begins = range(0, COUNT, 100)
    return Asked(
        f"{len(begins)} pages, each once",
        [f"{ours}/items?limit=100&resultType=results&cursor={UUID(int=at)}" for at in begins],
        [f"{tipg}/items?limit=100&offset={at}" for at in begins],
        [f"{pygeoapi}/items?limit=100&offset={at}&f=json" for at in begins],
        once=True,
    )


_FIRST_TILES = 4


def series() -> list[Asked]:
    """What is asked, of each server."""
    box = ",".join(map(str, WHERE))
    ours, tipg = "/ogc/collections/buildings", "/collections/public.building"
    theirs = "/collections/building"
    items, boxed = "items?limit=100", f"items?limit=100&bbox={box}"
    asked = [
        Asked(items, [f"{ours}/{items}"], [f"{tipg}/{items}"], [f"{theirs}/{items}&f=json"]),
        Asked(boxed.replace(box, "…"), [f"{ours}/{boxed}"], [f"{tipg}/{boxed}"], [f"{theirs}/{boxed}&f=json"]),
        _walk(ours, tipg, theirs),
        Asked("one item", [f"{ours}/items/{UUID(int=4711)}"], [f"{tipg}/items/4711"], [f"{theirs}/items/4711?f=json"]),
    ]
    for zoom, fresh in ((14, "read and drawn"), (15, "drawn"), (16, "drawn")):
        tiles = tiles_of(zoom)
        own = [f"{ours}/tiles/WebMercatorQuad/{zoom}/{tile.row}/{tile.column}" for tile in tiles]
        its = [f"{tipg}/tiles/WebMercatorQuad/{zoom}/{tile.column}/{tile.row}" for tile in tiles]
        warm = None if zoom == 14 else asked[_FIRST_TILES].ours
        asked.append(Asked(f"{len(tiles)} tiles z{zoom}, {fresh}", own, its, once=True, warm=warm))
        asked.append(Asked(f"{len(tiles)} tiles z{zoom}, changed", own, its, once=True, changed=True))
        asked.append(Asked(f"{len(tiles)} tiles z{zoom}, kept", own, its))
    return asked


@dataclass(frozen=True, slots=True)
class Servers:
    """Three servers, how ours is entered, and how its tiles are forgotten."""

    ours: str
    tipg: str
    pygeoapi: str | None
    token: str
    owner: str

    def asked(self, series: Asked) -> list[tuple[str, list[str]]]:
        """Who is asked for what, in turns."""
        pairs = ((self.ours, series.ours), (self.tipg, series.tipg), (self.pygeoapi, series.pygeoapi))
        return [(url, paths) for url, paths in pairs if url and paths]

    def forget(self) -> None:
        """Say that all buildings changed, so that nothing kept is of use; the service hears of it within a second."""
        asyncio.run(self._write(_ALL_CHANGED))

    def change(self) -> None:
        """Change one building."""
        asyncio.run(self._write("update building set version = version + 1 where id = $1", UUID(int=1)))

    async def _write(self, statement: str, *values: Any) -> None:
        owner = await asyncpg.connect(self.owner)
        async with owner.transaction():
            await owner.execute("select set_config('app.scope', '150204', true)")
            await owner.execute(statement, *values)
        await owner.close()
        await asyncio.sleep(2)


_ALL_CHANGED = """
with counted as (update layer_revision set revision = revision + 1 where layer = 'buildings' returning revision)
insert into layer_cell (layer, cell, revision) select 'buildings', -1, revision from counted
on conflict (layer, cell) do update set revision = excluded.revision
"""


def compare(servers: Servers, rounds: int, seconds: int, only: str) -> None:
    """Rounds of all series; medians, and the ratio within a round."""
    print(f"{'requests/s (p50, p99 ms)':<28} {'ours':>22} {'tipg':>22} {'pygeoapi':>22}   ratios", flush=True)
    for each in (each for each in series() if only in each.name):
        found: list[list[dict[str, float]]] = [[], [], []]
        for _ in range(rounds):
            if each.changed:
                servers.change()
            elif each.once:
                servers.forget()
                if each.warm:
                    measure(servers.ours, each.warm, servers.token, 30, once=True)
            longest = 30 if each.once else seconds
            for which, (url, paths) in enumerate(servers.asked(each)):
                token = servers.token if which == 0 else None
                found[which].append(measure(url, paths, token, longest, once=each.once))
        ratios = [_ratio(found[0], other) for other in found[1:]]
        print(f"{each.name:<28} {' '.join(map(_line, found))}   {' '.join(ratios)}", flush=True)


def _line(series: list[dict[str, float]]) -> str:
    if not series:
        return " " * 22
    rps, p50, p99 = (statistics.median(each[key] for each in series) for key in ("rps", "p50", "p99"))
    return f"{f'{rps:.0f} ({p50:.1f}, {p99:.1f})':>22}"


def _ratio(mine: list[dict[str, float]], others: list[dict[str, float]]) -> str:
    ratios = [one["rps"] / other["rps"] for one, other in zip(mine, others, strict=False)]
    return f"x{statistics.median(ratios):.1f}" if ratios else ""


@contextmanager
def pygeoapi(address: str) -> Iterator[str | None]:
    """pygeoapi over the same PostGIS under gunicorn, one worker; nothing where it is not installed."""
    if not (PYGEOAPI / "bin/gunicorn").exists():
        yield None
        return
    port = free_ports(1)[0]
    with tempfile.TemporaryDirectory() as folder:
        config, document = Path(__file__).with_name("pygeoapi.yml"), Path(folder, "openapi.yml")
        own = {
            "PYGEOAPI_CONFIG": str(config),
            "PYGEOAPI_OPENAPI": str(document),
            "BENCH_PORT": str(port),
            "BENCH_DATABASE_PORT": str(urlsplit(address).port),
        }
        with document.open("w") as out:
            made = [str(PYGEOAPI / "bin/pygeoapi"), "openapi", "generate", str(config)]
            subprocess.run(made, env=os.environ | own, stdout=out, check=True)
        workers = ["-w", "1", "-k", "gthread", "--threads", "8", "-b", f"127.0.0.1:{port}"]
        command = [str(PYGEOAPI / "bin/gunicorn"), *workers, "pygeoapi.flask_app:APP"]
        with serving(command, own, f"http://127.0.0.1:{port}/conformance?f=json"):
            yield f"http://127.0.0.1:{port}"


def main() -> None:
    """Both servers, side by side, asked in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--only", default="", help="series whose names hold this")
    given = parser.parse_args()
    if not (BIN / "initdb").exists() or not (TIPG / "bin/uvicorn").exists() or not shutil.which("wrk"):
        print("left out: PostgreSQL 15 with PostGIS, wrk and tipg are needed, see the head of this file")
        return
    os.environ["GRID_POSTGRES_BIN"] = str(BIN)
    rows = list(buildings())
    server = trial.start_server()
    try:
        started = server.engines("bench")
        environment = trial.environment_for(started, "gis", "items")
        asyncio.run(fill_ours(ServiceSettings.load("gis", environment), rows))
        token = Tokens(signing_key_file(started.settings.secrets_dir, "gateway")).of(
            actor(Post.DISTRICT_LEADER, "150204")
        )
        ours, theirs = (f"http://127.0.0.1:{port}" for port in free_ports(2))
        own = [sys.executable, "-m", "gis_svc", "run"]
        its = [str(TIPG / "bin/uvicorn"), "tipg.main:app", "--port", theirs.rpartition(":")[2], "--no-access-log"]
        with (
            postgis(rows) as address,
            pygeoapi(address) as third,
            serving(own, environment | {"GRID_GIS_PORT": ours.rpartition(":")[2]}, f"{ours}/readyz"),
            serving(its, {"DATABASE_URL": address}, f"{theirs}/healthz"),
        ):
            owner = ServiceSettings.load("gis", environment).owner_database_url
            assert owner is not None
            servers = Servers(ours, theirs, third, token, owner.get_secret_value())
            compare(servers, given.rounds, given.seconds, given.only)
        launcher.stop(Settings(server.state_dir / "bench"))
    finally:
        trial.stop_server(server)


if __name__ == "__main__":
    main()
