"""Reads of organisations, teams, seats and public documents."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Text, and_, any_, func, literal, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.db import find, in_scope
from grid_kernel.errors import NotFound
from grid_kernel.identifiers import mask_name
from population_svc import rules
from population_svc.grams import query_grams
from population_svc.models import (
    Organization,
    Person,
    PublicDocument,
    Seat,
    VolunteerTeam,
    organization_version,
    volunteer_team_version,
)
from population_svc.queries.scope import everyone, visible, within
from population_svc.rules import DocumentKind, SeatBody, Sight, sight

MOST_HITS = 50
_ABOVE = (6, 9, 12)
_CONTACTS = ("contact_name", "contact_phone", "leader_name", "leader_phone")


def civic_shown(actor: Actor, row: Any) -> dict[str, Any]:
    """An organisation or team as the actor may see it."""
    shown = dict(row) if isinstance(row, Mapping) else row.model_dump()
    if rules.reaches(actor, shown["area_code"]):
        return shown
    return shown | {name: None for name in _CONTACTS if name in shown}


def organizations(
    actor: Actor, area: str | None, kind: str | None, *, closed: bool, after: Any, limit: int
) -> Select[Any]:
    """The organisations of an area."""
    asked = visible(actor, Organization).where(within(col(Organization.area_code), area))
    asked = asked.where(col(Organization.closed_on).is_not(None) if closed else col(Organization.closed_on).is_(None))
    if kind is not None:
        asked = asked.where(col(Organization.kind) == kind)
    if after is not None:
        asked = asked.where(col(Organization.id) > after[0])
    return asked.order_by(col(Organization.id)).limit(limit + 1)


def organizations_found(actor: Actor, uscc: str | None, name: str | None, area: str | None) -> Select[Any]:
    """The organisations with a code, or with a part of a name, the open ones first."""
    asked = visible(actor, Organization).where(within(col(Organization.area_code), area))
    if uscc is not None:
        asked = asked.where(col(Organization.uscc) == uscc)
    if name is not None:
        asked = asked.where(col(Organization.name_grams).contains(query_grams(name)))
        asked = asked.where(col(Organization.name).contains(name, autoescape=True))
    return asked.order_by(col(Organization.closed_on).nulls_first(), col(Organization.id)).limit(MOST_HITS)


def organization(actor: Actor, organization_id: UUID) -> Select[Any]:
    """One organisation."""
    return visible(actor, Organization).where(col(Organization.id) == organization_id)


def organization_history(actor: Actor, organization_id: UUID) -> Select[Any]:
    """How an organisation was, the latest first."""
    v = organization_version
    asked = visible(actor, v).where(v.c.id == organization_id, v.c.superseded_at.is_(None))
    return asked.order_by(v.c.valid_from.desc())


async def organization_for_update(session: AsyncSession, actor: Actor, organization_id: UUID) -> Organization:
    """The organisation, locked; NotFound outside the actor's areas."""
    found: Organization | None = await find(session, organization(actor, organization_id).with_for_update())
    if found is None:
        raise NotFound
    return found


def teams(actor: Actor, area: str | None, kind: str | None, *, ended: bool, after: Any, limit: int) -> Select[Any]:
    """The volunteer teams of an area and of the areas around it, which a grid calls too (run as system)."""
    around = [prefix[:length] for prefix in rules.scope(actor) for length in _ABOVE if length < len(prefix)]
    above = col(VolunteerTeam.area_code) == any_(literal(around, ARRAY(Text)))
    own = in_scope(col(VolunteerTeam.area_code), rules.scope(actor))
    asked = everyone(VolunteerTeam).where(or_(and_(own, within(col(VolunteerTeam.area_code), area)), above))
    asked = asked.where(col(VolunteerTeam.ended_on).is_not(None) if ended else col(VolunteerTeam.ended_on).is_(None))
    if kind is not None:
        asked = asked.where(col(VolunteerTeam.kind) == kind)
    if after is not None:
        asked = asked.where(col(VolunteerTeam.id) > after[0])
    return asked.order_by(col(VolunteerTeam.id)).limit(limit + 1)


def team_history(actor: Actor, team_id: UUID) -> Select[Any]:
    """How a team was, the latest first."""
    v = volunteer_team_version
    asked = visible(actor, v).where(v.c.id == team_id, v.c.superseded_at.is_(None))
    return asked.order_by(v.c.valid_from.desc())


async def team_for_update(session: AsyncSession, actor: Actor, team_id: UUID) -> VolunteerTeam:
    """The team, locked; NotFound outside the actor's areas."""
    found: VolunteerTeam | None = await find(
        session, visible(actor, VolunteerTeam).where(col(VolunteerTeam.id) == team_id).with_for_update()
    )
    if found is None:
        raise NotFound
    return found


def seats(actor: Actor, community: str, body: SeatBody | None, day: date, *, after: Any, limit: int) -> Select[Any]:
    """Who sits in the bodies of a community on a day."""
    over = func.least(col(Seat.until), func.coalesce(col(Seat.ended_on), col(Seat.until)))
    asked = visible(actor, Seat).where(within(col(Seat.area_code), community), col(Seat.since) <= day, over > day)
    if body is not None:
        asked = asked.where(col(Seat.body) == body)
    if after is not None:
        asked = asked.where(col(Seat.id) > after[0])
    columns: list[Any] = [getattr(Seat, name) for name in Seat.model_fields]
    named = and_(col(Person.id) == col(Seat.person_id), col(Person.restricted_on).is_(None))
    columns.append(col(Person.name).label("person_name"))
    asked = asked.outerjoin(Person, named).with_only_columns(*columns)
    return asked.order_by(col(Seat.id)).limit(limit + 1)


def seat_shown(actor: Actor, row: Mapping[str, Any]) -> dict[str, Any]:
    """A seat as the actor may see it: a name for those who keep the register, else surname and star."""
    name = row["person_name"] or ""
    whole = sight(actor, row["area_code"]) is Sight.NAMES
    return {**row, "person_name": name if whole or not name else mask_name(name)}


async def seat_for_update(session: AsyncSession, actor: Actor, seat_id: UUID) -> Seat:
    """The seat, locked; NotFound outside the actor's areas."""
    found: Seat | None = await find(session, visible(actor, Seat).where(col(Seat.id) == seat_id).with_for_update())
    if found is None:
        raise NotFound
    return found


def documents(community: str, kind: DocumentKind | None, *, older: bool, after: Any, limit: int) -> Select[Any]:
    """What a community published, for everybody (run as system)."""
    asked = everyone(PublicDocument).where(within(col(PublicDocument.area_code), community))
    if not older:
        asked = asked.where(col(PublicDocument.replaced_on).is_(None))
    if kind is not None:
        asked = asked.where(col(PublicDocument.kind) == kind)
    if after is not None:
        asked = asked.where(col(PublicDocument.id) < after[0])
    return asked.order_by(col(PublicDocument.id).desc()).limit(limit + 1)


def document(document_id: UUID) -> Select[Any]:
    """One document, for everybody (run as system)."""
    return everyone(PublicDocument).where(col(PublicDocument.id) == document_id)


async def current_documents(session: AsyncSession, community: str, kind: str, title: str) -> list[PublicDocument]:
    """What a newer document of a title takes the place of, locked."""
    asked = everyone(PublicDocument).where(
        col(PublicDocument.area_code) == community,
        col(PublicDocument.kind) == kind,
        col(PublicDocument.title) == title,
        col(PublicDocument.replaced_on).is_(None),
    )
    return list((await session.execute(asked.with_for_update())).scalars())


async def written_seat(session: AsyncSession, actor: Actor, seat: Seat) -> dict[str, Any]:
    """A seat that was just written, as its writer sees it."""
    name = await session.scalar(
        visible(actor, Person).where(col(Person.id) == seat.person_id).with_only_columns(col(Person.name))
    )
    return seat_shown(actor, seat.model_dump() | {"person_name": name})
