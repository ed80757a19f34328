"""The service, described, and its app."""

from fastapi import FastAPI

from grid_kernel.app import service_app
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings
from population_svc import commands, events, jobs, rules
from population_svc.identity import open_identity
from population_svc.models import Base
from population_svc.routes import ROUTERS
from population_svc.settings import PopulationSettings

SERVICE = Service(
    name="population",
    package="population_svc",
    title="社区人口信息数据库",
    description="Persons, households, dwellings, who lived where when, visits and the care list.",
    metadata=Base.metadata,
    scope=rules.scope,
    routers=ROUTERS,
    handlers=events.HANDLERS,
    answers=events.ANSWERS,
    jobs=jobs.JOBS,
    code_tables=(
        "campaign_kinds",
        "care_reasons",
        "dwelling_uses",
        "evidence",
        "family_relations",
        "household_types",
        "id_document_types",
        "inflow_reasons",
        "organization_kinds",
        "population_types",
        "registration_categories",
        "retention_classes",
        "sexes",
        "team_kinds",
        "visit_kinds",
        "visit_needs",
        "visit_outcomes",
    ),
    loader=commands.load,
    lifespan=open_identity,
)


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """Make the app of the population base."""
    return service_app(SERVICE, settings or PopulationSettings.load(SERVICE.name))
