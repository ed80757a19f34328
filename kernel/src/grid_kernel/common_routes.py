"""What every service serves besides its own resources."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request
from fastapi.responses import Response
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import SQLAlchemyError

from grid_kernel import audit, tables, telemetry
from grid_kernel.auth import CurrentActor
from grid_kernel.codes import CodeTable, read_table
from grid_kernel.db import SystemSession
from grid_kernel.errors import NotFound, Unavailable
from grid_kernel.labels import preferred_language
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime
from grid_kernel.schemas import Schema

probes = APIRouter(include_in_schema=False)
common = GridRouter(prefix="/v1")


@probes.get("/livez")
async def live() -> dict[str, str]:
    """The process runs; nothing else is looked at."""
    return {"status": "alive"}


@probes.get("/readyz")
async def ready(runtime: CurrentRuntime) -> dict[str, str]:
    """The database answers at the right revision; a broker that is away only degrades, for the outbox waits."""
    if runtime.stopping.is_set():
        raise Unavailable(service=runtime.service.name)
    try:
        async with runtime.system_engine.connect() as connection:
            await connection.execute(text("select version_num from alembic_version"))
    except (SQLAlchemyError, OSError):
        raise Unavailable(service="postgresql") from None
    broker = "connected" if runtime.bus.connected.is_set() else "away"
    return {"status": "ready", "broker": broker} | runtime.readiness


@probes.get("/metrics")
async def metrics(runtime: CurrentRuntime) -> Response:
    """Figures of this process for Prometheus."""
    name = runtime.service.name
    async with runtime.system_session() as session:
        pending = select(func.count()).select_from(tables.outbox).where(tables.outbox.c.published_at.is_(None))
        telemetry.OUTBOX_PENDING.labels(name).set(await session.scalar(pending) or 0)
        dead = select(func.count()).select_from(tables.dead_event).where(tables.dead_event.c.replayed_at.is_(None))
        telemetry.DEAD_EVENTS.labels(name).set(await session.scalar(dead) or 0)
    return Response(telemetry.exposition(), media_type="text/plain; version=0.0.4")


@probes.get("/v1/openapi.json")
async def openapi_document(request: Request) -> Response:
    """The OpenAPI document of this service."""
    return Response(orjson.dumps(request.app.openapi()), media_type="application/json")


class LabelsOut(Schema):
    """All words of a service in one language."""

    language: str
    labels: dict[str, Any]


@common.get("/labels", tags=["labels"])
async def get_labels(
    runtime: CurrentRuntime, accept_language: Annotated[str, Header(max_length=200)] = "zh-CN"
) -> LabelsOut:
    """The words for people this service uses, in the language asked for."""
    language = preferred_language(accept_language)
    return LabelsOut(language=language.replace("_", "-"), labels=dict(runtime.labels.catalogue(language)))


@common.get("/code-tables/{name}", tags=["code-tables"])
async def get_code_table(name: str, runtime: CurrentRuntime) -> CodeTable:
    """One code table with its version; the version changes with every change of a row."""
    if name not in runtime.service.code_tables:
        raise NotFound
    return read_table(runtime.service.package, name)


class AuditHead(Schema):
    """The last link of an audit chain."""

    service: str
    chain: str
    link: int
    head: str


@common.get("/audit-heads", tags=["audit"])
async def list_audit_heads(_: CurrentActor, session: SystemSession, runtime: CurrentRuntime) -> list[AuditHead]:
    """The heads of the own audit chains, and those of the other services as they were last anchored here."""
    own = [(runtime.service.name, chain, *await audit.head(session, chain)) for chain in audit.CHAINS]
    anchor = tables.audit_anchor
    latest = select(anchor).ext(distinct_on(anchor.c.service, anchor.c.chain))
    found = await session.execute(latest.order_by(anchor.c.service, anchor.c.chain, anchor.c.link.desc()))
    heads = [*own, *((row.service, row.chain, row.link, row.head) for row in found)]
    return [AuditHead(service=s, chain=c, link=link, head=head.hex()) for s, c, link, head in heads]
