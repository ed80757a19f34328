"""dispute-svc, described and made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from dispute_svc import commands, events, jobs, queries
from dispute_svc.models import Base
from dispute_svc.routes import ROUTERS
from grid_kernel.app import service_app
from grid_kernel.runtime import Runtime
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """Put the packaged routing rows into the table where they are missing."""
    async with runtime.system_session() as session:
        await commands.install_routing(session, runtime.settings.district)
    yield


SERVICE = Service(
    name="dispute",
    package="dispute_svc",
    title="社会矛盾联动化解系统",
    description="Hazards, disputes and opinions: reported, routed, handled, verified, closed and rated.",
    metadata=Base.metadata,
    scope=queries.scope,
    routers=ROUTERS,
    handlers=events.HANDLERS,
    jobs=jobs.JOBS,
    code_tables=("case_categories", "case_kinds", "standard_replies"),
    attachments=True,
    loader=commands.load,
    lifespan=lifespan,
)


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """The production app."""
    return service_app(SERVICE, settings)
