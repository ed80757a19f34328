"""Provenance: of each field who said it, when, by what evidence, and how fresh it is."""

from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.errors import NotFound, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads
from population_svc import queries
from population_svc.rules import CheckedKind
from population_svc.schemas import DwellingChange, HouseholdChange, PersonChange, PersonCorrection, ProvenanceOut

provenance = GridRouter(tags=["provenance"])
_ABOUT = frozenset({"effective_on", "evidence"})
_PERSON, _HOUSEHOLD, _DWELLING = (
    tuple(name for name in schema.model_fields if name not in _ABOUT)
    for schema in (PersonChange, HouseholdChange, DwellingChange)
)
_PERSON += tuple(name for name in PersonCorrection.model_fields if name not in {*_ABOUT, *_PERSON})


@provenance.get("/persons/{person_id}/provenance", responses=refusals(NotFound))
async def get_person_provenance(person_id: UUID, actor: CurrentActor, reads: Reads, now: Now) -> list[ProvenanceOut]:
    """Of each field of a person: who said it, by what evidence, and when it was last found to be so."""
    row = await reads.fetch_one(queries.entered("person", actor, person_id))
    if row is None:
        raise NotFound
    seen, brought = queries.confirmed_person_at(actor, person_id), queries.came_by_table(CheckedKind.PERSON, person_id)
    return await queries.provenance_of(reads, row, _PERSON, seen, brought, now)


@provenance.get("/households/{household_id}/provenance", responses=refusals(NotFound))
async def get_household_provenance(
    household_id: UUID, actor: CurrentActor, reads: Reads, now: Now
) -> list[ProvenanceOut]:
    """Of each field of a household: who said it, by what evidence, and when it was last found to be so."""
    row = await reads.fetch_one(queries.entered("household", actor, household_id))
    if row is None:
        raise NotFound
    seen, brought = (
        queries.confirmed_at(actor, household_id),
        queries.came_by_table(CheckedKind.HOUSEHOLD, household_id),
    )
    return await queries.provenance_of(reads, row, _HOUSEHOLD, seen, brought, now)


@provenance.get("/dwellings/{dwelling_id}/provenance", responses=refusals(NotFound))
async def get_dwelling_provenance(
    dwelling_id: UUID, actor: CurrentActor, reads: Reads, now: Now
) -> list[ProvenanceOut]:
    """Of each field of a dwelling: who said it, by what evidence, and when it was last found to be so."""
    row = await reads.fetch_one(queries.entered("dwelling", actor, dwelling_id))
    if row is None:
        raise NotFound
    seen, brought = (
        queries.confirmed_dwelling_at(actor, dwelling_id),
        queries.came_by_table(CheckedKind.DWELLING, dwelling_id),
    )
    return await queries.provenance_of(reads, row, _DWELLING, seen, brought, now)
