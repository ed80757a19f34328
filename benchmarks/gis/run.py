"""Items and tiles against tipg, in one run: 100,000 buildings, the same attributes, PostgreSQL 15 under both.

    apt-get install -y postgresql-15 postgresql-15-postgis-3 wrk
    python3 -m venv var/tools/tipg && var/tools/tipg/bin/pip install tipg uvicorn httptools uvloop
    python benchmarks/gis/run.py --rounds 3

tipg reads PostGIS with its indexes and answers whoever asks. Ours checks a signed token, keeps both walls of
permission, and has telemetry, bounds and the access log on. One process each, wrk with 8 connections, keep-alive.
`drawn` asks for the same tile of another day each time, so that nothing kept is used; `kept` is what a map gets.
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
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import numpy as np
import shapely

from gis_svc.app import SERVICE
from gis_svc.models import Building
from gis_svc.shapes import geojson_text, stored_shape
from gis_svc.tiles import corners
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
COUNT = 100_000
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
    async with open_runtime(SERVICE, settings, labels) as runtime, runtime.system_session() as session:
        await copy_rows(session, Building, rows)
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
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", (string.gsub("{path}", "DAY", os.date("%Y-%m-%d", 1000000000 + 86400 * (n % 9000)))))
end
done = function(summary, latency)
  local bad = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format('{{"rps":%.1f,"p50":%.2f,"p99":%.2f,"bad":%d}}', summary.requests / summary.duration * 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, bad))
end
"""


def measure(url: str, path: str, token: str | None, seconds: int) -> dict[str, float]:
    """One series of wrk."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(LUA.format(path=path.replace("%", "%%")))
        script.flush()
        headers = ["-H", f"Authorization: Bearer {token}"] if token else []
        command = ["wrk", "-t1", "-c8", "--timeout", "10s", f"-d{seconds}s", "-s", script.name, *headers, url]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads("{" + done.stdout.rpartition("{")[2])
    if found["bad"]:
        raise SystemExit(f"{url}{path}: {found['bad']:.0f} answers were none")
    return found


def paths() -> dict[str, tuple[str, str | None]]:
    """What is asked, of ours and of tipg."""
    box = ",".join(map(str, WHERE))
    ours, theirs = "/ogc/collections/buildings", "/collections/public.building"
    asked: dict[str, tuple[str, str | None]] = {
        "items, limit=100": (f"{ours}/items?limit=100", f"{theirs}/items?limit=100"),
        "items in a box, limit=100": (f"{ours}/items?limit=100&bbox={box}", f"{theirs}/items?limit=100&bbox={box}"),
        "one item": (f"{ours}/items/{UUID(int=4711)}", f"{theirs}/items/4711"),
    }
    for zoom in (14, 16):
        tile, _ = corners(WHERE, zoom)
        place = f"tiles/WebMercatorQuad/{zoom}/{tile.row}/{tile.column}"
        other = f"{theirs}/tiles/WebMercatorQuad/{zoom}/{tile.column}/{tile.row}"
        asked[f"tile z{zoom}, drawn"] = (f"{ours}/{place}?datetime=DAY", other)
        asked[f"tile z{zoom}, kept"] = (f"{ours}/{place}", None)
    return asked


def compare(ours: str, theirs: str, token: str, rounds: int, seconds: int) -> None:
    """Rounds of all series; medians, and the ratio within a round."""
    print(f"{'':<28} {'ours rps':>9} {'p50':>7} {'p99':>7}   {'tipg rps':>9} {'p50':>7} {'p99':>7}   ratio")
    for name, (own, other) in paths().items():
        mine, tipg = [], []
        for _ in range(rounds):
            mine.append(measure(ours, own, token, seconds))
            if other:
                tipg.append(measure(theirs, other, None, seconds))
        print(f"{name:<28} {_line(mine)}   {_line(tipg) if tipg else '':>25}   {_ratio(mine, tipg)}", flush=True)


def _line(series: list[dict[str, float]]) -> str:
    rps, p50, p99 = (statistics.median(each[key] for each in series) for key in ("rps", "p50", "p99"))
    return f"{rps:9.0f} {p50:7.1f} {p99:7.1f}"


def _ratio(mine: list[dict[str, float]], tipg: list[dict[str, float]]) -> str:
    ratios = [one["rps"] / other["rps"] for one, other in zip(mine, tipg, strict=False)]
    return f"x{statistics.median(ratios):.1f}" if ratios else ""


def main() -> None:
    """Both servers, side by side, asked in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
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
            serving(own, environment | {"GRID_GIS_PORT": ours.rpartition(":")[2]}, f"{ours}/readyz"),
            serving(its, {"DATABASE_URL": address}, f"{theirs}/healthz"),
        ):
            compare(ours, theirs, token, given.rounds, given.seconds)
        launcher.stop(Settings(server.state_dir / "bench"))
    finally:
        trial.stop_server(server)


if __name__ == "__main__":
    main()
