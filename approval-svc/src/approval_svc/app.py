"""approval-svc, described and made."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from approval_svc import commands, events, jobs, queries
from approval_svc.models import Base
from approval_svc.routes import ROUTERS
from approval_svc.settings import ApprovalSettings
from grid_kernel import clock
from grid_kernel.app import service_app
from grid_kernel.runtime import Runtime
from grid_kernel.service import Service


@asynccontextmanager
async def lifespan(runtime: Runtime) -> AsyncIterator[None]:
    """Publish the packaged catalogue where it is missing."""
    async with runtime.system_session() as session:
        await commands.publish_catalogue(session, now=clock.now())
    yield


SERVICE = Service(
    name="approval",
    package="approval_svc",
    title="社区政务服务预审系统",
    description="Applications for service items: taken in, pre-reviewed, forwarded, decided, completed and rated.",
    metadata=Base.metadata,
    scope=queries.scope,
    routers=ROUTERS,
    handlers=events.HANDLERS,
    jobs=jobs.JOBS,
    code_tables=(
        "service_themes",
        "item_types",
        "exercise_levels",
        "service_subjects",
        "handling_channels",
        "handling_types",
        "satisfaction_grades",
    ),
    attachments=True,
    loader=commands.load,
    lifespan=lifespan,
)


def create_app(settings: ApprovalSettings | None = None) -> FastAPI:
    """The production app."""
    return service_app(SERVICE, settings)
