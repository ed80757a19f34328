"""How fast a table is brought in: `python benchmarks/population/importing.py [--rows 20000] [--format csv|xlsx]`.

A PostgreSQL of its own is started, migrated, and removed. The table is made up (identity numbers with an unassigned
prefix), sent in parts, read, and entered by the job as in production: checks, encryption, grams of names, versions,
events, refused rows. `--rows 500000` is the goal of 5 minutes on two cores. Nothing is left behind.
"""

import argparse
import asyncio
import hashlib
import os
import random
import resource
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import psutil

from grid_deploy import trial
from grid_deploy.postgres import Cluster
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.identifiers import id_check_digit
from grid_kernel.labels import Labels
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import actor
from population_svc import commands, queries, rules
from population_svc.app import SERVICE
from population_svc.models import BuildingGrid
from population_svc.schemas import ImportIn, ImportRunIn
from population_svc.spreadsheets import csv_chunks, xlsx_chunks

DISTRICT = "150204"
HEAD = actor(Post.DISTRICT_LEADER, DISTRICT, unit="district")
HEADINGS = ["社区编码", "楼号", "单元", "室号", "居住地址", "户主关系", "姓名", "身份证号", "联系电话"]
HEADINGS += ["人口类型", "入住日期", "民族", "备注"]
COMMUNITIES = [f"150204{street:03}{community:03}" for street in range(1, 6) for community in range(1, 6)]
BUILDINGS, ENTRANCES, FLOORS, DOORS = 80, 4, 18, 2
_SURNAMES = "王李张刘陈杨赵黄周吴徐孙马朱胡郭何林罗高"
_GIVEN = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂文华建国梅红玉春雪宇浩然子涵梓轩欣怡佳琪"
_dice = random.Random(1)


def doors() -> Iterator[tuple[str, int, int, str]]:
    """Every door of the district: community, building, entrance, room."""
    for building in range(1, BUILDINGS + 1):
        for community in COMMUNITIES:
            for entrance in range(1, ENTRANCES + 1):
                for floor in range(1, FLOORS + 1):
                    for door in range(1, DOORS + 1):
                        yield community, building, entrance, f"{floor}{door:02}"


def numbers() -> Iterator[str]:
    """Identity numbers nobody has, each once."""
    for place in range(1, 1000):
        for days in range(0, 25_000, 7):
            first_17 = f"150299{date(1940, 1, 1) + timedelta(days=days):%Y%m%d}{place:03}"
            yield first_17 + id_check_digit(first_17)


def lines(rows: int) -> Iterator[list[str]]:
    """The table: households of one to five, two rows in a thousand wrong."""
    yield HEADINGS
    made, number = 0, numbers()
    for community, building, entrance, room in doors():
        for place in range(min(_dice.choice((1, 2, 2, 3, 3, 3, 4, 5)), rows - made)):
            made += 1
            name = _dice.choice(_SURNAMES) + "".join(_dice.choices(_GIVEN, k=_dice.choice((1, 2, 2))))
            address = f"育才小区{building}栋{entrance}单元{room}室"
            who = [("户主", "配偶", "子", "女", "父母")[place], name, next(number) if made % 500 else "1"]
            where = [community, f"{building}栋", str(entrance), room, address]
            yield [*where, *who, f"1200{made:07}", "户籍人口", "2020-01-05", "某族", ""]
        if made >= rows:
            return


async def founded(runtime: Runtime) -> None:
    """Let the register know where the buildings stand."""
    start = datetime(2020, 1, 1, tzinfo=UTC)
    async with runtime.system_session() as session:
        session.add_all(
            BuildingGrid(
                building_id=uuid4(),
                sequence=1,
                takes_effect_at=start,
                area_code=f"{community}{building % 16 + 1:03}",
                effective_on=start.date(),
                building_no=f"{building:04}",
            )
            for community in COMMUNITIES
            for building in range(1, BUILDINGS + 1)
        )


async def sent(runtime: Runtime, data: bytes) -> UUID:
    """Announce the file and send its parts."""
    said = ImportIn(area_code=DISTRICT, filename="bench", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    async with runtime.app_session(HEAD) as session:
        job = await commands.announce_import(session, HEAD, said, now=clock.now())
    for number in range(rules.parts_of(len(data))):
        part = data[number * rules.PART_BYTES : (number + 1) * rules.PART_BYTES]
        await commands.keep_part(runtime, HEAD, job.id, number, _once(part))
    async with runtime.app_session(HEAD) as session:
        await commands.complete_import(session, HEAD, job.id, version=job.version, now=clock.now())
    return job.id


async def _once(part: bytes) -> AsyncIterator[bytes]:
    yield part


async def worked(runtime: Runtime) -> None:
    """Let the job work until nothing waits."""
    while await commands.work_on_imports(runtime, clock.now()):
        pass


async def measure(settings: ServiceSettings, rows: int, file_format: str, postgres: psutil.Process) -> None:
    """Send, read, enter; say how long each took and what it cost."""
    write = xlsx_chunks(lines(rows), title="bench") if file_format == "xlsx" else csv_chunks(lines(rows))
    data = b"".join(write)
    print(f"{rows:,} rows, {len(data) / 1e6:.1f} MB {file_format}; load average {os.getloadavg()[0]:.0f}")
    async with open_runtime(SERVICE, settings, Labels.load("grid_kernel", "population_svc")) as runtime:
        await founded(runtime)
        start = time.perf_counter()
        import_id = await sent(runtime, data)
        del data
        print(
            f"sent     {time.perf_counter() - start:8.1f} s; memory so far {_memory()} MiB, the made-up file included"
        )
        start = time.perf_counter()
        await worked(runtime)
        print(f"read     {time.perf_counter() - start:8.1f} s")
        async with runtime.app_session(HEAD) as session:
            version = (await queries.import_job(session, HEAD, import_id)).version
            asked = ImportRunIn(dry_run=False)
            await commands.start_run(session, runtime, HEAD, import_id, asked, version=version, now=clock.now())
        start, own, before = time.perf_counter(), time.process_time(), _used(postgres)
        held = Held()
        sampling = asyncio.create_task(held.watch())
        await worked(runtime)
        sampling.cancel()
        took, own, served = time.perf_counter() - start, time.process_time() - own, _used(postgres) - before
        async with runtime.app_session(HEAD) as session:
            job = await queries.import_job(session, HEAD, import_id)
        print(
            f"entered  {took:8.1f} s = {rows / took:,.0f} rows/s; processor: service {own:.1f} s, server {served:.1f} s"
        )
        print(f"{job.state}: entered {job.entered:,}, known {job.known:,}, refused {job.rejected:,}")
        print(f"memory while entering: {held.first} MiB at first, {held.most} MiB at most; {_memory()} MiB in all")
    await _counted(settings)


class Held:
    """The memory of this process, looked at five times a second."""

    def __init__(self) -> None:
        self.first = self.most = self._now()

    @staticmethod
    def _now() -> int:
        return psutil.Process().memory_info().rss // 2**20

    async def watch(self) -> None:
        """Note the most there was."""
        while True:
            self.most = max(self.most, self._now())
            await asyncio.sleep(0.2)


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _used(server: psutil.Process) -> float:
    """Processor seconds of the server and of what it started and has not seen end."""
    times = [each.cpu_times() for each in (server, *server.children(recursive=True))]
    return sum(each.user + each.system for each in times)


async def _counted(settings: ServiceSettings) -> None:
    assert settings.owner_database_url is not None
    owner = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    for table in ("dwelling_version", "household_version", "person_version", "occupancy_version", "outbox"):
        print(f"  {table} {await owner.fetchval(f'select count(*) from {table}'):,}")
    await owner.close()


def main() -> None:
    """Start an engine, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    options = parser.parse_args()
    server = trial.start_server()
    try:
        environment = trial.environment_for(server.engines("bench"), "population", "bench")
        settings = ServiceSettings.load("population", os.environ | environment)
        pid = int((Cluster(server.settings).data / "postmaster.pid").read_text().split()[0])
        asyncio.run(measure(settings, options.rows, options.format, psutil.Process(pid)))
    finally:
        trial.stop_server(server)


if __name__ == "__main__":
    main()
