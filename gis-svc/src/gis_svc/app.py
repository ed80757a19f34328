"""The service: areas, grids, buildings, location."""

from fastapi import FastAPI

from gis_svc import commands, events, jobs, location, queries
from gis_svc.models import Base
from gis_svc.routes import ROUTERS
from gis_svc.routes.ogc import STANDARDS
from gis_svc.settings import ServiceSettings
from grid_kernel.app import service_app
from grid_kernel.service import Service

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
        "road_kinds",
        "service_point_kinds",
        "special_grid_kinds",
        "thing_kinds",
    ),
    loader=commands.load,
    lifespan=location.keep_current,
    description="Areas with history, buildings, and where a point lies.",
)


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """Make the app of this service."""
    return service_app(SERVICE, settings)
