"""What we hear and what we answer, on one screen.

Not heard: `application.decided` and `grid.drawn` (docs/decisions/0027).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.ask import Question
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.contracts.dispute import CaseFollowUpRequested
from grid_kernel.contracts.gateway import UnitChanged, UnitRegistered
from grid_kernel.contracts.gis import BuildingLocated, GridMerged, GridSplit
from grid_kernel.contracts.population import FACTS, FIND_PERSON, AskFacts, Facts, FindByIdNumber, PersonFound
from grid_kernel.events import Event
from grid_kernel.inbox import Hearing, is_newer
from grid_kernel.service import Answer, Handler
from population_svc import commands, queries, rules
from population_svc.rules import PersonStatus

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime


async def on_building_located(session: AsyncSession, event: BuildingLocated, hearing: Hearing) -> None:
    """Keep in which grid a building stands."""
    await commands.hear_buildings(
        session,
        {event.aggregate_id: event.area_code},
        sequences={event.aggregate_id: event.sequence},
        effective_on=today(event.occurred_at),
        said_at=event.occurred_at,
        building_no=event.building_no,
        now=hearing.now,
    )


async def on_grid_changed(session: AsyncSession, event: GridSplit | GridMerged, hearing: Hearing) -> None:
    """Let everything in the buildings of a split or merged grid follow them."""
    await commands.hear_buildings(
        session,
        event.buildings,
        sequences=event.building_versions,
        effective_on=event.effective_on,
        said_at=event.occurred_at,
        now=hearing.now,
    )


async def on_follow_up_requested(session: AsyncSession, event: CaseFollowUpRequested, hearing: Hearing) -> None:
    """Put the visit a case asks for on the list of the household's grid."""
    await commands.request_follow_up(session, event, hearing.event_id)


async def find_person(runtime: "Runtime", actor: Actor, asked: FindByIdNumber, now: datetime) -> PersonFound:
    """Whether the bearer of a full identity number is registered, and in which community; recorded."""
    reads = runtime.system_reads(actor, "ask find-person")
    found = await queries.where_registered(reads, asked.id_number, asked.purpose, today(now))
    if found is None:
        return PersonFound(person_id=None, community_code=None)
    return PersonFound(person_id=found["id"], community_code=found["area_code"][:12])


async def tell_facts(runtime: "Runtime", actor: Actor, asked: AskFacts, now: datetime) -> Facts:
    """What may be told of one person, and no more than was asked; recorded."""
    reads = runtime.system_reads(actor, "ask facts")
    statement = queries.facts_of(asked.person_id)
    found = await reads.fetch(statement, access="person", fields=asked.facts, purpose=asked.purpose)
    known = _facts(found[0], today(now)) if found else {}
    if found and "months_lived_here" in asked.facts:
        stays = await reads.fetch(queries.stays_of(asked.person_id))
        known["months_lived_here"] = rules.months_lived_here(
            [(s["valid_from"], s["valid_to"]) for s in stays], today(now)
        )
    if found and "consented_care_reasons" in asked.facts:
        agreed = await reads.fetch(queries.consented_care_of(asked.person_id, today(now)))
        known["consented_care_reasons"] = sorted(row["reason"] for row in agreed)
    return Facts(person_id=asked.person_id, values={fact: known.get(fact) for fact in asked.facts})


def _facts(row: Mapping[str, Any], day: date) -> dict[str, bool | int | list[str] | None]:
    born: date = row["birth_date"]
    return {
        "lives_here": row["status"] is PersonStatus.PRESENT,
        "registered_here": row["registered_here"],
        "household_size": row["household_size"] or None,
        "age": day.year - born.year - ((day.month, day.day) < (born.month, born.day)),
    }


async def on_unit(session: AsyncSession, event: UnitRegistered | UnitChanged, _: Hearing) -> None:
    """Know what units are called."""
    if await is_newer(session, event):
        await commands.name_unit(session, event.unit_code, event.name)


HANDLERS: Mapping[type[Event], Handler] = {
    BuildingLocated: on_building_located,
    GridSplit: on_grid_changed,
    GridMerged: on_grid_changed,
    CaseFollowUpRequested: on_follow_up_requested,
    UnitRegistered: on_unit,
    UnitChanged: on_unit,
}
ANSWERS: Mapping[Question[Any, Any], Answer] = {FIND_PERSON: find_person, FACTS: tell_facts}
