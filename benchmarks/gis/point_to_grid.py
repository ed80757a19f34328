"""Point → grid: in process and through HTTP, with the 475 grids that are shipped and with 20,000 synthetic ones.

    python benchmarks/gis/point_to_grid.py          # about a minute, starts its own PostgreSQL and NATS

In process: one point per call, and 1,000 points per call. HTTP: `POST /v1/locate` with one point on one kept-alive
connection, the service in a process of its own, everything on; the figures are the client's, network included, and
beside them an answer without any work, to tell the service's share from the framework's.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from itertools import islice

import numpy as np
import psutil
import shapely

from gis_svc.app import SERVICE
from gis_svc.commands.loading import KNOWN_SINCE, load_areas, packaged_areas
from gis_svc.location import Place, Places
from gis_svc.models import Area, AreaVersion
from gis_svc.queries.areas import lock_areas
from gis_svc.rules import GridType, Level
from gis_svc.shapes import outline_of
from grid_deploy import engines as launcher
from grid_deploy import trial
from grid_deploy.engines import Engines
from grid_deploy.processes import free_ports
from grid_deploy.provision import signing_key_file
from grid_deploy.settings import Settings
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.bulk import copy_rows
from grid_kernel.labels import Labels
from grid_kernel.runtime import open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import Tokens, actor

TODAY = date(2026, 11, 23)
BOX = (109.84, 40.63, 110.05, 40.80)
CALLS = 20_000


def mesh(count: int) -> list[tuple[Area, AreaVersion]]:
    """So many hexagonal grids over the district, numbered as real ones are."""
    columns = round((count * 1.25) ** 0.5)
    west, south, east, _ = BOX
    step = (east - west) / columns
    cells = (
        (west + step * (x + 0.5 * (y % 2)), south + step * 0.75 * y)
        for y in range(-(-count // columns))
        for x in range(columns)
    )
    made = []
    for number, (lon, lat) in enumerate(islice(cells, count)):
        code = f"150204900{number // 900 + 1:03}{number % 900 + 1:03}"
        surface = shapely.Polygon([(lon + step / 2 * dx, lat + step / 2 * dy) for dx, dy in HEXAGON])
        area = Area(
            code=code, level=Level.GRID, parent_code=code[:12], grid_type=GridType.BASIC, valid_from=KNOWN_SINCE
        )
        version = AreaVersion(
            code=code, name=code, kind="basic", source="synthetic", in_force=True, synthetic=True,
            valid_from=KNOWN_SINCE, recorded_at=clock.now(),
        )  # fmt: skip
        made.append((area, version.outlined(outline_of(surface))))
    return made


HEXAGON = ((0, 1), (1, 0.5), (1, -0.5), (0, -1), (-1, -0.5), (-1, 0.5))


def picture(versions: Sequence[AreaVersion]) -> Places:
    """What a process keeps in memory."""
    drawn = (v for v in versions if v.in_force)
    return Places(1, [Place(v.code, v.name, "grid", v.valid_from, v.valid_to, v.outline_wkb) for v in drawn])


def points(count: int) -> np.ndarray:
    """Points anywhere over the district, the same ones each time."""
    west, south, east, north = BOX
    return np.random.default_rng(20131009).uniform((west, south), (east, north), (count, 2))


def report(title: str, seconds: Sequence[float], per_call: int = 1) -> None:
    """One line: p50, p99, and points per second."""
    ordered = sorted(seconds)
    p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    rate = per_call * len(ordered) / sum(ordered)
    print(f"{title:<44} p50 {p50 * 1e3:7.3f} ms   p99 {p99 * 1e3:7.3f} ms   {rate:9.0f} points/s", flush=True)


def in_process(name: str, places: Places) -> None:
    """One point per call, then a thousand."""
    took, busy = [], []
    for lon, lat in points(CALLS).tolist():
        started, worked = time.perf_counter(), time.thread_time()
        places.locate(lon, lat, TODAY)
        busy.append(time.thread_time() - worked)
        took.append(time.perf_counter() - started)
    report(f"in process, {name}, 1 point", took)
    report("  the same, processor time", busy)
    many, took = points(1_000), []
    for _ in range(100):
        started = time.perf_counter()
        places.locate_many(many[:, 0], many[:, 1], TODAY)
        took.append(time.perf_counter() - started)
    report(f"in process, {name}, 1,000 points", took, 1_000)


async def fill(settings: ServiceSettings, rows: list[tuple[Area, AreaVersion]]) -> None:
    """The areas that are shipped, or a mesh instead of them."""
    labels = Labels.load("grid_kernel", "gis_svc")
    async with open_runtime(SERVICE, settings, labels) as runtime, runtime.system_session() as session:
        if not rows:
            await load_areas(session, settings.district, clock.now())
            return
        await lock_areas(session)
        await copy_rows(session, Area, [area for area, _ in rows])
        await copy_rows(session, AreaVersion, [version for _, version in rows])


def request(token: str, lon: float, lat: float) -> bytes:
    """One point with its accuracy, as a phone sends it."""
    point = {"lon": lon, "lat": lat, "crs": "WGS84", "accuracyM": 10}
    body = json.dumps({"points": [{"reference": "a", "point": point}]})
    head = "POST /v1/locate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    return f"{head}Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


async def over_http(port: int, requests: Sequence[bytes]) -> list[float]:
    """One request after the other on one connection; the first tenth warms up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took = []
    for sent in requests:
        started = time.perf_counter()
        writer.write(sent)
        answer = await reader.readuntil(b"\r\n\r\n")
        if not answer.startswith(b"HTTP/1.1 200"):
            raise SystemExit(answer.decode())
        length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length"))
        await reader.readexactly(int(length.split(b":")[1]))
        took.append(time.perf_counter() - started)
    writer.close()
    return took[len(took) // 10 :]


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[tuple[int, psutil.Process]]:
    """The service in a process of its own."""
    port = free_ports(1)[0]
    own = {**os.environ, **environment, "GRID_GIS_PORT": str(port), "GRID_LOG_LEVEL": "WARNING"}
    process = subprocess.Popen([sys.executable, "-m", "gis_svc", "run"], env=own)
    try:
        for _ in range(200):
            if (
                subprocess.run(
                    ["curl", "-sf", f"http://127.0.0.1:{port}/readyz", "-o", "/dev/null"], check=False
                ).returncode
                == 0
            ):
                break
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def through_http(started: Engines, name: str, rows: list[tuple[Area, AreaVersion]], calls: int) -> None:
    """A database of its own, filled, served, asked."""
    environment = trial.environment_for(started, "gis", f"bench{len(rows)}")
    settings = ServiceSettings.load("gis", environment)
    asyncio.run(fill(settings, rows))
    tokens = Tokens(signing_key_file(started.settings.secrets_dir, "gateway"))
    with serving(environment) as (port, process):
        token = tokens.of(actor(Post.STATION_HEAD, "150204006019"))
        nothing = [b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"] * calls
        report("HTTP, an answer without any work", asyncio.run(over_http(port, nothing)))
        asked = [request(token, lon, lat) for lon, lat in points(calls).tolist()]
        before = sum(process.cpu_times()[:2])
        report(f"HTTP, {name}, 1 point", asyncio.run(over_http(port, asked)))
        each = (sum(process.cpu_times()[:2]) - before) / calls
        print(f"  the same, processor time of the service{each * 1e3:13.3f} ms per request", flush=True)


def main() -> None:
    """Everything once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000, help="HTTP requests per series")
    calls = parser.parse_args().calls
    rows = mesh(20_000)
    in_process("475 grids", picture(packaged_areas("150204", clock.now())[1]))
    in_process("20,000 grids", picture([version for _, version in rows]))
    server = trial.start_server()
    try:
        started = server.engines("bench")
        through_http(started, "475 grids", [], calls)
        through_http(started, "20,000 grids", rows, calls)
        launcher.stop(Settings(server.state_dir / "bench"))
    finally:
        trial.stop_server(server)


if __name__ == "__main__":
    main()
