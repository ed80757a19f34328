"""An import as its tests know it: rows of a table, sent and worked on when told."""

import hashlib
import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import asyncpg
from tests.population.conftest import Api, id_number

from grid_kernel import clock
from grid_kernel.auth import Actor
from grid_kernel.runtime import Runtime
from population_svc import commands
from population_svc.spreadsheets import csv_chunks

HEADINGS = ["姓名", "身份证号", "与户主关系", "楼号", "单元", "室号", "居住地址", "联系电话", "民族", "备注"]
BORN = date(1980, 5, 17)


def line(name: str = "王小明", relation: str = "户主", room: str = "101", **more: str) -> list[str]:
    """A row of the table."""
    cells = {"姓名": name, "身份证号": id_number(BORN), "与户主关系": relation, "楼号": "16", "单元": "1", "室号": room}
    cells |= {"居住地址": f"育才小区16栋1单元{room}", "联系电话": "12000001111", "民族": "蒙古族", "备注": "老住户"}
    return [(cells | more)[heading] for heading in HEADINGS]


def as_csv(rows: Iterable[Sequence[str]]) -> bytes:
    return b"".join(csv_chunks([HEADINGS, *rows]))


class Import:
    """An import over HTTP, and the job that works on it."""

    def __init__(self, api: Api, runtime: Runtime, who: Actor, area: str) -> None:
        self.api, self.runtime, self.who, self.area = api, runtime, who, area
        self.now: dict[str, Any] = {}

    async def send(self, data: bytes) -> dict[str, Any]:
        """Announce, send and read a file."""
        said = {"areaCode": self.area, "filename": "花名册", "size": len(data)}
        answer = await self.api.post(self.who, "/imports", said | {"sha256": hashlib.sha256(data).hexdigest()})
        assert answer.status_code == 201, answer.text
        self.now = answer.json()
        for number in self.now["partsMissing"]:
            part = data[number * self.now["partBytes"] : (number + 1) * self.now["partBytes"]]
            path = f"/v1/imports/{self.now['id']}/parts/{number}"
            kept = await self.api.client.put(path, content=part, headers=self.api.headers(self.who))
            assert kept.status_code == 200, kept.text
        await self.act("completion")
        return await self.worked()

    async def act(self, verb: str, body: Any = None) -> dict[str, Any]:
        """Do something with it as it stands."""
        self.now = (await self.api.get(self.who, f"/imports/{self.now['id']}")).json()
        path = f"/imports/{self.now['id']}/{verb}"
        answer = await self.api.post(self.who, path, body, version=self.now["version"])
        assert answer.status_code == 200, answer.text
        self.now = answer.json()
        return self.now

    async def run(self, *, dry: bool = False, **more: Any) -> dict[str, Any]:
        """Check the rows or enter them."""
        await self.act("runs", {"dryRun": dry, "movedInOn": "2026-01-05"} | more)
        return await self.worked()

    async def worked(self) -> dict[str, Any]:
        """How it stands after the job has worked."""
        while self.now["state"] in {"reading", "running"}:
            await commands.work_on_imports(self.runtime, clock.now())
            self.now = (await self.api.get(self.who, f"/imports/{self.now['id']}")).json()
        return self.now

    @property
    def counted(self) -> tuple[str, int, int, int]:
        return self.now["state"], self.now["entered"], self.now["known"], self.now["rejected"]

    async def faults(self) -> list[tuple[int, str, str]]:
        """Row, heading and message of what was refused."""
        found = (await self.api.get(self.who, f"/imports/{self.now['id']}/rejections")).json()["items"]
        return [(row["rowNo"], fault["heading"], fault["message"]) for row in found for fault in row["faults"]]

    async def rejected_file(self, file_format: str = "csv") -> bytes:
        path = f"/v1/imports/{self.now['id']}/rejected-rows?format={file_format}"
        answer = await self.api.client.get(path, headers=self.api.headers(self.who))
        assert answer.status_code == 200
        return answer.content


@asynccontextmanager
async def job_waits(runtime: Runtime) -> AsyncIterator[None]:
    """The job of the running app waits, as when another process is at it: tests say when work is done."""
    guard = await asyncpg.connect(runtime.settings.system_database_url.get_secret_value())
    await guard.execute("select pg_advisory_lock($1)", zlib.crc32(b"job:population:carry-tables"))
    yield
    await guard.close()
