"""kill -9 in the middle of an import: the next process goes on, and nothing is lost or entered twice."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import id_number, locate

from grid_deploy import trial
from grid_deploy.engines import Engines
from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.labels import Labels
from grid_kernel.runtime import Runtime, open_runtime
from grid_kernel.settings import ServiceSettings
from grid_kernel.testing import actor
from population_svc import commands
from population_svc.app import SERVICE
from population_svc.schemas import ImportIn, ImportRunIn
from population_svc.spreadsheets import csv_chunks

COMMUNITY = "150204777001"
HEAD = actor(Post.STATION_HEAD, COMMUNITY)
ROWS, BATCH = 2_000, 200
JOBS = f"""
import sys
from grid_kernel.main import main
from population_svc.app import SERVICE
from population_svc.commands.importing import running
running.BATCH_ROWS = {BATCH}
sys.argv[1:] = ["jobs"]
main(SERVICE)
"""


def table() -> Iterator[list[str]]:
    """Couples, the second half of them far from their spouses; every hundredth number is wrong."""
    yield ["姓名", "身份证号", "与户主关系", "楼号", "单元", "室号", "居住地址"]
    for number in range(ROWS):
        home = number // 2 if number < ROWS // 2 else ROWS // 4 + (number - ROWS // 2) % (ROWS // 4)
        first = number % 2 == 0 if number < ROWS // 2 else number < ROWS * 3 // 4
        card = "1" if number % 100 == 99 else id_number(date(1950 + number % 50, 3, 1 + number % 28))
        room = str(home % 900 + 101)
        yield [f"住户{number}", card, "户主" if first else "配偶", "16", str(home // 900 + 1), room, f"育才{home}"]


@pytest.fixture
async def apart(engines: Engines, worker: str) -> AsyncIterator[tuple[Runtime, dict[str, str]]]:
    """A register of its own, on which no process works but those of the test."""
    environ = os.environ | trial.environment_for(engines, "population", f"{worker}_killed")
    settings = ServiceSettings.load("population", environ)
    async with open_runtime(SERVICE, settings, Labels.load("grid_kernel", "population_svc")) as runtime:
        yield runtime, environ


@contextmanager
def jobs(environ: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The process that works on imports; killed at the end."""
    process = subprocess.Popen([sys.executable, "-c", JOBS], env=environ, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def announced(runtime: Runtime) -> UUID:
    """A table that is sent and waits to be read."""
    data = b"".join(csv_chunks(table()))
    said = ImportIn(area_code=COMMUNITY, filename="a", size=len(data), sha256=hashlib.sha256(data).hexdigest())
    async with runtime.app_session(HEAD) as session:
        job = await commands.announce_import(session, HEAD, said, now=clock.now())

    async def once() -> AsyncIterator[bytes]:
        yield data

    await commands.keep_part(runtime, HEAD, job.id, 0, once())
    async with runtime.app_session(HEAD) as session:
        await commands.complete_import(session, HEAD, job.id, version=job.version, now=clock.now())
    return job.id


async def row(runtime: Runtime, sql: str, **given: Any) -> Any:
    async with runtime.system_session() as session:
        return (await session.execute(text(sql), given)).one()


async def until(runtime: Runtime, import_id: UUID, condition: str) -> Any:
    """How the import stands as soon as a condition holds."""
    sql = (
        f"select state, version, noted, position, entered, rejected, {condition} as held from import_job where id = :id"
    )
    async with asyncio.timeout(60):
        while not (job := await row(runtime, sql, id=import_id)).held:  # noqa: ASYNC110 - another process works
            await asyncio.sleep(0.005)
    return job


async def test_what_was_killed_is_taken_up_by_the_next_process(apart: tuple[Runtime, dict[str, str]]) -> None:
    runtime, environ = apart
    await locate(runtime, uuid4(), f"{COMMUNITY}001")
    import_id = await announced(runtime)
    with jobs(environ):
        read = await until(runtime, import_id, "state = 'read'")
        async with runtime.app_session(HEAD) as session:
            asked = ImportRunIn(dry_run=False, moved_in_on=date(2026, 1, 5))
            await commands.start_run(session, runtime, HEAD, import_id, asked, version=read.version, now=clock.now())
        await until(runtime, import_id, f"position >= {2 * BATCH}")
    stopped = await until(runtime, import_id, "true")
    assert (stopped.state, stopped.position < ROWS) == ("running", True)
    with jobs(environ):
        await until(runtime, import_id, f"position > {max(stopped.position, ROWS // 2 + 2 * BATCH)}")
    with jobs(environ):
        done = await until(runtime, import_id, "state <> 'running'")
    assert (done.state, done.position, done.entered + done.rejected) == ("done", ROWS, ROWS)
    kept = await row(runtime, "select count(*) as n, count(distinct id_number_index) as different from person")
    assert (kept.n, kept.different) == (done.entered, done.entered)
    homes = await row(runtime, "select count(*) as n, count(distinct dwelling_id) as different from household")
    assert homes.n == homes.different == (await row(runtime, "select count(*) as n from dwelling")).n
    said = await row(runtime, "select count(*) as n from outbox where subject = 'grid.population.person.registered.v1'")
    refused = await row(runtime, "select count(*) as n, count(distinct row_no) as different from import_rejection")
    assert (said.n, refused.n, refused.different) == (done.entered, done.rejected, done.rejected)
    brought = await row(
        runtime, "select sum(cardinality(person_ids)) as n, sum(rows) as rows, count(*) as batches from import_batch"
    )
    assert (brought.n, brought.rows) == (done.entered, ROWS)
