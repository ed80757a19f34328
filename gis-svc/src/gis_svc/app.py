"""The service: areas, grids, buildings, location."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from gis_svc import commands, events, jobs, location, queries
from gis_svc.basemap import open_basemap
from gis_svc.models import Base
from gis_svc.routes import ROUTERS
from gis_svc.routes.ogc import STANDARDS
from gis_svc.settings import GisSettings
from grid_kernel.app import service_app
from grid_kernel.runtime import Runtime
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings


@asynccontextmanager
async def kept_open(runtime: Runtime) -> AsyncIterator[None]:
    """What stands beside the routes while the service runs: the picture of the areas, the way to the base map."""
    async with location.keep_current(runtime), open_basemap(runtime):
        yield


SERVICE = Service(
    name="gis",
    package="gis_svc",
    title="基础地理信息系统",
    metadata=Base.metadata,
    scope=queries.scope,
    routers=ROUTERS,
    standards=STANDARDS,
    handlers=events.HANDLERS,
    answers=events.ANSWERS,
    jobs=jobs.JOBS,
    code_tables=(
        "address_element_types",
        "area_kinds",
        "area_sources",
        "building_kinds",
        "home_appliance_kinds",
        "road_kinds",
        "service_point_kinds",
        "special_grid_kinds",
        "thing_kinds",
    ),
    attachments=True,
    loader=commands.load,
    lifespan=kept_open,
    description="Areas with history, buildings, and where a point lies.",
)


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """Make the app of this service."""
    return service_app(SERVICE, settings or GisSettings.load(SERVICE.name))
