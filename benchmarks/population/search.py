"""How fast the register is loaded, searched and counted: `python benchmarks/population/search.py [--district]`.

The demo is generated first, of two communities or of the whole district (about 473,000 persons); `--persons 1000000`
puts more of it beside, see register.py; FOLDER names what `python -m grid_deploy.demo --out` wrote before. A PostgreSQL
of its own is started, migrated, loaded through the bulk path, measured, and removed. Every read goes the whole way of
the service below HTTP: scope, row-level security, decryption, access record.
"""

import argparse
import asyncio
import json
import os
import random
import resource
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import asyncpg
import register
from pypinyin import lazy_pinyin

from grid_deploy import trial
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.clock import quarter_of, today
from grid_kernel.labels import Labels
from grid_kernel.main import leave_out_of_collections
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import actor
from population_svc import commands, packs, queries, tables
from population_svc.app import SERVICE
from population_svc.progress import read_progress
from population_svc.queries import RosterFilter
from population_svc.schemas import PersonSearch

TIMES = 300
NOW = clock.now()
DISTRICT = "150204"
HEAD = actor(Post.STATION_HEAD, DISTRICT)

Read = Callable[[Any], Awaitable[object]]


async def measured(label: str, read: Read, samples: list[Any]) -> None:
    """Run a read on every sample after a warming pass; print p50, p99 and how many rows came on average."""
    for sample in samples[: min(20, len(samples) // 5)]:
        await read(sample)
    took, rows = [], 0
    for sample in samples:
        start = time.perf_counter()
        found = await read(sample)
        took.append((time.perf_counter() - start) * 1000)
        rows += len(found) if isinstance(found, list) else 1
    took.sort()
    p50, p99 = took[len(took) // 2], took[min(len(took) - 1, len(took) * 99 // 100)]
    print(f"{label:52} p50 {p50:8.2f} ms   p99 {p99:8.2f} ms   rows {rows / len(samples):6.1f}", flush=True)


def samples_of(folder: Path) -> list[dict[str, Any]]:
    """Every so many-th person of the files, with the address."""
    persons = [json.loads(line) for line in _every(folder / "persons.ndjson")]
    homes = {person["dwelling_id"]: person for person in persons}
    with (folder / "dwellings.ndjson").open(encoding="utf-8") as lines:
        for line in lines:
            if (person := homes.get(json.loads(line)["id"])) is not None:
                person |= {name: json.loads(line)[name] for name in ("address", "building_id")}
    found = list(homes.values())
    random.Random(1).shuffle(found)
    return found


def _every(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8") as lines:
        total = sum(1 for _ in lines)
    step = max(1, total // TIMES)
    with path.open(encoding="utf-8") as lines:
        yield from (line for number, line in enumerate(lines) if number % step == 0)


async def loaded(runtime: Runtime, folder: Path, owner_url: str) -> None:
    """Load the folder and say how fast; then let the planner know what there is."""
    start = time.perf_counter()
    rows = await commands.load(runtime, folder, NOW)
    took = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"loaded {rows:,} rows in {took:.1f} s = {rows / took:,.0f} rows/s with versions and events, {peak:.0f} MiB")
    owner = await asyncpg.connect(owner_url)
    await owner.execute("vacuum analyze")
    for table in ("household_version", "person_version", "outbox"):
        print(f"  {table} {await owner.fetchval(f'select count(*) from {table}'):,}")
    await owner.close()


async def measure(settings: ServiceSettings, folder: Path) -> None:
    """Load, then measure every hot read."""
    async with open_runtime(SERVICE, settings, Labels.load("grid_kernel", "population_svc")) as runtime:
        assert settings.owner_database_url is not None
        await loaded(runtime, folder, settings.owner_database_url.get_secret_value())
        persons = samples_of(folder)
        leave_out_of_collections()  # as a service does that starts
        await searches(runtime, persons)
        await doors(runtime, persons)
        await lists(runtime, persons)


async def searches(runtime: Runtime, persons: list[dict[str, Any]]) -> None:
    """Every form of a search that is allowed."""
    reads, own = runtime.reads(HEAD), runtime.system_reads(HEAD)

    async def search(criteria: dict[str, Any]) -> object:
        return (await queries.find_persons(own, reads, HEAD, PersonSearch(**criteria))).items

    def asked(*names: str, **made: Callable[[dict[str, Any]], Any]) -> list[dict[str, Any]]:
        return [{n: p[n] for n in names} | {n: make(p) for n, make in made.items()} for p in persons]

    born = {"birth_date": lambda p: date.fromisoformat(p["birth_date"])}
    grid = {"grid": lambda p: p["area_code"]}
    building = {"building_id": lambda p: UUID(p["building_id"])}
    address = {"address": lambda p: p["address"][-12:]}
    street = {"address": lambda p: p["address"][_DISTRICT_ENDS : _DISTRICT_ENDS + 5]}
    narrowed = {"grid": grid, "birth date": born, "building": building, "address": address, "street": street}
    await measured("identity number", search, asked("id_number"))
    await measured("telephone", search, [each for each in asked("phone") if each["phone"]])
    for name, made in _NAMES.items():
        for where, more in narrowed.items():
            await measured(f"{name} + {where}", search, asked(name=made, **more))


async def doors(runtime: Runtime, persons: list[dict[str, Any]]) -> None:
    """Codes at doors: put up for some dwellings, then opened."""
    reads, day = runtime.reads(HEAD), today(NOW)
    tokens = []
    async with runtime.system_session() as session:
        for person in persons[:100]:
            put_up = await commands.put_up_token(session, HEAD, UUID(person["dwelling_id"]), now=NOW)
            tokens.append(put_up.token)

    async def opened(token: str) -> object:
        return (await queries.read_door(reads, HEAD, token, day)).households

    await measured("code at a door", opened, tokens)


def _typed(person: dict[str, Any]) -> str:
    return "".join(lazy_pinyin(person["name"]))


def _initials(person: dict[str, Any]) -> str:
    return "".join(syllable[0] for syllable in lazy_pinyin(person["name"]))


_NAMES: dict[str, Callable[[dict[str, Any]], str]] = {
    "name": lambda person: str(person["name"]),
    "two characters": lambda person: str(person["name"][-2:]),
    "surname": lambda person: str(person["name"][0]),
    "pinyin": _typed,
    "initials": _initials,
}
_DISTRICT_ENDS = len("内蒙古自治区包头市青山区")


async def statistics(runtime: Runtime, areas: list[str]) -> None:
    """Statistics from every side, today and of a day in the past, and the packs of phones."""
    own, day = runtime.system_reads(HEAD), today(NOW)

    async def persons(asked: tuple[str, date]) -> object:
        return await tables.person_statistics(own, HEAD, *asked)

    async def households(asked: tuple[str, date]) -> object:
        return await tables.household_statistics(own, HEAD, asked[0], None, asked[1])

    async def dwellings(asked: tuple[str, date]) -> object:
        return await tables.dwelling_statistics(own, HEAD, *asked)

    async def progress(asked: tuple[str, date]) -> object:
        return await read_progress(own, HEAD, asked[0], None, asked[1])

    async def pack(area: str) -> object:
        who = actor(Post.RESIDENT_SERVICE_OFFICER, area)
        return (await packs.read_pack(runtime.reads(who), who, area, None, NOW)).households

    for when, asked_day in (("today", day), ("200 days ago", day - timedelta(days=200))):
        whole = [(DISTRICT, asked_day)] * 20
        await measured(f"persons and age pyramid of the district, {when}", persons, whole)
        await measured(f"households of the district, {when}", households, whole)
        await measured(f"dwellings of the district, {when}", dwellings, whole)
        await measured(f"progress of the district, {when}", progress, whole)
    await measured("progress of a grid", progress, [(area, day) for area in areas])
    await measured("progress of a community", progress, [(area[:12], day) for area in areas[:100]])
    await measured("progress of a street", progress, [(area[:9], day) for area in areas[:40]])
    await measured("statistics of persons, a grid", persons, [(area, day) for area in areas[:60]])
    await measured("pack of a grid", pack, areas[:60])


async def lists(runtime: Runtime, persons: list[dict[str, Any]]) -> None:
    """Rosters, one household, and the figures of a quarter."""
    reads, day = runtime.reads(HEAD), today(NOW)

    async def roster(wanted: RosterFilter) -> object:
        asked = queries.roster(HEAD, wanted, today=day, after=None, limit=50)
        return await reads.fetch(asked, access="household", fields=("head_name",))

    async def household(household_id: str) -> object:
        return await queries.read_household(reads, HEAD, UUID(household_id), day)

    areas = [person["area_code"] for person in persons]
    await measured("household with its persons", household, [person["household_id"] for person in persons])
    await measured("roster of a grid, 50", roster, [RosterFilter(area) for area in areas])
    await measured("roster of a community, 50", roster, [RosterFilter(area[:12]) for area in areas])
    await measured("roster of the district, 50", roster, [RosterFilter(DISTRICT)] * 50)
    not_yet: dict[str, Any] = {"quarter": quarter_of(day), "day": day, "reached": False}
    await measured("not reached yet in a grid, 50", roster, [RosterFilter(area, **not_yet) for area in areas])
    await statistics(runtime, areas)


def main() -> None:
    """Generate, or take what was generated, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--district", action="store_true", help="all 475 grids instead of two communities")
    parser.add_argument("--persons", type=int, help="how many at least; more than the district has come from others")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = options.folder
        if folder is None:
            folder = Path(stack.enter_context(TemporaryDirectory()))
            print(register.generate(folder, today(NOW), ["--district"] * options.district))
        if options.persons:
            register.grow(folder, options.persons, today(NOW))
        measured_on_its_own(folder)


def measured_on_its_own(folder: Path) -> None:
    """Start an engine, load, measure, stop."""
    server = trial.start_server()
    try:
        environment = trial.environment_for(server.engines("bench"), "population", "bench")
        asyncio.run(measure(ServiceSettings.load("population", os.environ | environment), folder / "population"))
    finally:
        trial.stop_server(server)


if __name__ == "__main__":
    main()
