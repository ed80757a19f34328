"""Registering organisations, teams and seats, and publishing for a community."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.events import publish
from grid_kernel.types import uuid7
from population_svc import queries, rules
from population_svc.commands.storing import stated, stored
from population_svc.grams import grams
from population_svc.models import Organization, PublicDocument, Seat, VolunteerTeam
from population_svc.schemas import (
    DocumentIn,
    Ending,
    OrganizationChange,
    OrganizationIn,
    SeatIn,
    TeamChange,
    TeamIn,
)

_GRID = 15


async def register_organization(
    session: AsyncSession, actor: Actor, entry: OrganizationIn, *, now: datetime
) -> Organization:
    """Enter an organisation of the own area."""
    rules.check_keeps_register(actor)
    _check_kind("organization_kinds", entry.kind)
    rules.check_not_future(entry.opened_on, today(now), "/openedOn")
    uscc = rules.normalised_uscc(entry.uscc)
    grid = await _place_of(session, actor, entry, now)
    made = Organization(
        **entry.model_dump(by_alias=False, exclude={"id", "grid", "uscc"}),
        id=entry.id or uuid7(),
        uscc=uscc,
        area_code=grid,
        name_grams=grams(entry.name),
        effective_on=entry.opened_on,
        recorded_at=now,
    )
    async with stored(session):
        session.add(made)
    await publish(session, made.registered())
    await record_act(session, actor, "organization.registered", made, kind="organization", now=now)
    return made


async def change_organization(
    session: AsyncSession,
    actor: Actor,
    organization_id: UUID,
    change: OrganizationChange,
    *,
    version: int,
    now: datetime,
) -> Organization:
    """Take over what is different about an organisation."""
    changes = stated(change, may_be_empty=frozenset({"uscc", "contact_name", "contact_phone"}))
    _check_kind("organization_kinds", changes.get("kind"))
    if "uscc" in changes:
        changes["uscc"] = rules.normalised_uscc(changes["uscc"])
    since = change.effective_on or today(now)
    rules.check_not_future(since, today(now), "/effectiveOn")
    found = await queries.organization_for_update(session, actor, organization_id)
    rules.check_may_keep(actor, found.area_code)
    expect_version(found, version)
    async with stored(session):
        found.change(changes, since=since, now=now)
    await record_act(session, actor, "organization.changed", found, kind="organization", now=now)
    return found


async def close_organization(
    session: AsyncSession, actor: Actor, organization_id: UUID, ending: Ending, *, version: int, now: datetime
) -> Organization:
    """Note that an organisation exists no more."""
    rules.check_not_future(ending.ended_on, today(now), "/endedOn")
    found = await queries.organization_for_update(session, actor, organization_id)
    rules.check_may_keep(actor, found.area_code)
    expect_version(found, version)
    rules.check_not_before(ending.ended_on, found.opened_on, "/endedOn")
    await publish(session, found.close(on=ending.ended_on, now=now))
    await session.flush()
    await record_act(session, actor, "organization.closed", found, kind="organization", now=now)
    return found


async def register_team(session: AsyncSession, actor: Actor, entry: TeamIn, *, now: datetime) -> VolunteerTeam:
    """Enter a volunteer team of an area that the own station keeps."""
    rules.check_in_scope(actor, entry.area_code, "/areaCode", "unknown-area")
    rules.check_keeps_community(actor, entry.area_code)
    _check_kind("team_kinds", entry.kind)
    rules.check_not_future(entry.formed_on, today(now), "/formedOn")
    made = VolunteerTeam(
        **entry.model_dump(by_alias=False, exclude={"id"}),
        id=entry.id or uuid7(),
        effective_on=entry.formed_on,
        recorded_at=now,
    )
    async with stored(session):
        session.add(made)
    await publish(session, made.changed())
    await record_act(session, actor, "team.registered", made, kind="volunteer_team", now=now)
    return made


async def change_team(
    session: AsyncSession, actor: Actor, team_id: UUID, change: TeamChange, *, version: int, now: datetime
) -> VolunteerTeam:
    """Take over what is different about a team."""
    changes = stated(change, may_be_empty=frozenset({"unit_code", "leader_name", "leader_phone"}))
    _check_kind("team_kinds", changes.get("kind"))
    since = change.effective_on or today(now)
    rules.check_not_future(since, today(now), "/effectiveOn")
    found = await queries.team_for_update(session, actor, team_id)
    rules.check_keeps_community(actor, found.area_code)
    expect_version(found, version)
    found.change(changes, since=since, now=now)
    await publish(session, found.changed())
    await session.flush()
    await record_act(session, actor, "team.changed", found, kind="volunteer_team", now=now)
    return found


async def end_team(
    session: AsyncSession, actor: Actor, team_id: UUID, ending: Ending, *, version: int, now: datetime
) -> VolunteerTeam:
    """Note that a team cannot be called any more."""
    rules.check_not_future(ending.ended_on, today(now), "/endedOn")
    found = await queries.team_for_update(session, actor, team_id)
    rules.check_keeps_community(actor, found.area_code)
    expect_version(found, version)
    rules.check_not_before(ending.ended_on, found.formed_on, "/endedOn")
    found.end(on=ending.ended_on, now=now)
    await publish(session, found.changed())
    await session.flush()
    await record_act(session, actor, "team.ended", found, kind="volunteer_team", now=now)
    return found


async def take_seat(session: AsyncSession, actor: Actor, entry: SeatIn, *, now: datetime) -> Seat:
    """Note who sits in a body of the community, and for which term."""
    rules.check_in_scope(actor, entry.community_code, "/communityCode", "unknown-area")
    rules.check_keeps_community(actor, entry.community_code)
    rules.check_term(entry.since, entry.until)
    person = await queries.person_for_update(session, actor, entry.person_id)
    if person.status is not rules.PersonStatus.PRESENT:
        raise rules.PersonHasLeft
    made = Seat(
        **entry.model_dump(by_alias=False, exclude={"id", "community_code"}),
        id=entry.id or uuid7(),
        area_code=entry.community_code,
        recorded_at=now,
    )
    async with stored(session):
        session.add(made)
    await record_act(session, actor, "seat.taken", made, kind="seat", now=now)
    return made


async def end_seat(
    session: AsyncSession, actor: Actor, seat_id: UUID, ending: Ending, *, version: int, now: datetime
) -> Seat:
    """Note that somebody gave a seat up."""
    found = await queries.seat_for_update(session, actor, seat_id)
    rules.check_keeps_community(actor, found.area_code)
    expect_version(found, version)
    rules.check_not_before(ending.ended_on, found.since, "/endedOn")
    found.end(on=ending.ended_on)
    await session.flush()
    await record_act(session, actor, "seat.ended", found, kind="seat", now=now)
    return found


async def publish_document(session: AsyncSession, actor: Actor, entry: DocumentIn, *, now: datetime) -> PublicDocument:
    """Publish something for the community; the older one of this title stays readable as what held before."""
    rules.check_in_scope(actor, entry.community_code, "/communityCode", "unknown-area")
    rules.check_publishes(actor, entry.community_code)
    for older in await queries.current_documents(session, entry.community_code, entry.kind.value, entry.title):
        older.replaced_on = today(now)
    made = PublicDocument(
        **entry.model_dump(by_alias=False, exclude={"id", "community_code"}),
        id=entry.id or uuid7(),
        area_code=entry.community_code,
        published_on=today(now),
        recorded_at=now,
    )
    async with stored(session):
        session.add(made)
    await record_act(session, actor, "document.published", made, kind="public_document", now=now)
    return made


def _check_kind(table: str, code: Any) -> None:
    if code is not None and (errors := rules.code_error(table, code, "/kind")):
        raise InvalidInput(errors=errors)


async def _place_of(session: AsyncSession, actor: Actor, entry: OrganizationIn, now: datetime) -> str:
    """The grid of an organisation: its building's, or the one that is named."""
    grid, pointer, message = entry.grid, "/grid", "unknown-area"
    if entry.building_id is not None:
        pointer, message = "/buildingId", "unknown-building"
        grid, _ = await queries.grid_of(session, entry.building_id, now)
    if entry.grid is not None and len(entry.grid) != _GRID:
        raise InvalidInput.at("/grid", "unknown-area")
    grid = rules.check_in_scope(actor, grid, pointer, message)
    rules.check_may_keep(actor, grid)
    return grid
