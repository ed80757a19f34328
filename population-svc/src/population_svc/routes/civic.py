"""Firms and shops, volunteer teams, representatives and committees, and what communities publish."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import CommunityCode
from population_svc import commands, queries, rules
from population_svc.routes.asked import Area, AreaOrAll
from population_svc.rules import (
    AlreadyRecorded,
    DocumentKind,
    OrganizationClosed,
    PersonHasLeft,
    SeatBody,
    SeatEnded,
    SeatTaken,
    TeamEnded,
    UsccRegistered,
)
from population_svc.schemas import (
    DocumentIn,
    DocumentOut,
    DocumentRow,
    Ending,
    KindCode,
    OrganizationChange,
    OrganizationIn,
    OrganizationOut,
    OrganizationSearch,
    OrganizationVersion,
    SeatIn,
    SeatOut,
    TeamChange,
    TeamIn,
    TeamOut,
    TeamVersion,
)

organizations = GridRouter(prefix="/organizations", tags=["organisations"])
teams = GridRouter(prefix="/volunteer-teams", tags=["organisations"])
seats = GridRouter(prefix="/seats", tags=["organisations"])
documents = GridRouter(prefix="/public-documents", tags=["organisations"])
_ENTERED = refusals(InvalidInput, Forbidden, NotFound, AlreadyRecorded)
_CHANGED = refusals(InvalidInput, Forbidden, NotFound) | CHANGED
Kind = Annotated[KindCode | None, Query(description="A code of its table of kinds.")]


@organizations.get("", responses=refusals(NotFound))
async def list_organizations(
    actor: CurrentActor,
    reads: Reads,
    paging: Paging,
    area: AreaOrAll = None,
    kind: Kind = None,
    closed: Annotated[bool, Query(description="Those that were closed, instead of the open ones.")] = False,
) -> Page[OrganizationOut]:
    """The firms, shops and institutions of an area."""
    if area is not None:
        rules.check_asked_area(actor, area)
    asked = queries.organizations(actor, area, kind, closed=closed, after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    shown = OrganizationOut.model_validate
    return page_of(rows, paging, key=lambda r: (r["id"],), item=lambda r: shown(queries.civic_shown(actor, r)))


@organizations.post("", status_code=201, responses=_ENTERED | refusals(UsccRegistered))
async def register_organization(
    entry: OrganizationIn, actor: CurrentActor, session: WriteSession, now: Now
) -> OrganizationOut:
    """Enter an organisation; its code is checked by GB 32100."""
    made = await commands.register_organization(session, actor, entry, now=now)
    return OrganizationOut.model_validate(queries.civic_shown(actor, made))


@organizations.post("/search", responses=refusals(InvalidInput, Forbidden))
async def search_organizations(asked: OrganizationSearch, actor: CurrentActor, reads: Reads) -> list[OrganizationOut]:
    """Find organisations by a whole code or a part of the name; fifty at most."""
    rules.check_keeps_register(actor)
    found = queries.organizations_found(actor, rules.normalised_uscc(asked.uscc), asked.name, asked.area)
    return [OrganizationOut.model_validate(queries.civic_shown(actor, row)) for row in await reads.fetch(found)]


@organizations.get("/{organization_id}", responses=refusals(NotFound))
async def get_organization(organization_id: UUID, actor: CurrentActor, reads: Reads) -> OrganizationOut:
    """An organisation."""
    row = await reads.fetch_one(queries.organization(actor, organization_id))
    if row is None:
        raise NotFound
    return OrganizationOut.model_validate(queries.civic_shown(actor, row))


@organizations.get("/{organization_id}/history", responses=refusals(NotFound))
async def list_organization_history(
    organization_id: UUID, actor: CurrentActor, reads: Reads
) -> list[OrganizationVersion]:
    """How an organisation was, the latest first."""
    rows = await reads.fetch(queries.organization_history(actor, organization_id))
    if not rows:
        raise NotFound
    return [OrganizationVersion.model_validate(row) for row in rows]


@organizations.patch("/{organization_id}", responses=_CHANGED | refusals(OrganizationClosed, UsccRegistered))
async def change_organization(
    organization_id: UUID,
    change: OrganizationChange,
    actor: CurrentActor,
    version: IfMatch,
    session: WriteSession,
    now: Now,
) -> OrganizationOut:
    """Take over what is different about an organisation since a day."""
    changed = await commands.change_organization(session, actor, organization_id, change, version=version, now=now)
    return OrganizationOut.model_validate(queries.civic_shown(actor, changed))


@organizations.post("/{organization_id}/closing", responses=_CHANGED | refusals(OrganizationClosed))
async def close_organization(
    organization_id: UUID, ending: Ending, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> OrganizationOut:
    """Note that an organisation exists no more; its code may be registered again."""
    closed = await commands.close_organization(session, actor, organization_id, ending, version=version, now=now)
    return OrganizationOut.model_validate(queries.civic_shown(actor, closed))


@teams.get("", responses=refusals(NotFound))
async def list_teams(
    actor: CurrentActor,
    runtime: CurrentRuntime,
    paging: Paging,
    area: AreaOrAll = None,
    kind: Kind = None,
    ended: Annotated[bool, Query(description="Those that were ended, instead of those that can be called.")] = False,
) -> Page[TeamOut]:
    """The volunteer teams of an area, and those of the community and street around it."""
    if area is not None:
        rules.check_asked_area(actor, area)
    asked = queries.teams(actor, area, kind, ended=ended, after=paging.after(UUID), limit=paging.limit)
    rows = await runtime.system_reads(actor).fetch(asked)
    shown = TeamOut.model_validate
    return page_of(rows, paging, key=lambda r: (r["id"],), item=lambda r: shown(queries.civic_shown(actor, r)))


@teams.post("", status_code=201, responses=_ENTERED)
async def register_team(entry: TeamIn, actor: CurrentActor, session: WriteSession, now: Now) -> TeamOut:
    """Enter a volunteer team: what it does, where, when it can be called, who leads it."""
    made = await commands.register_team(session, actor, entry, now=now)
    return TeamOut.model_validate(queries.civic_shown(actor, made))


@teams.get("/{team_id}/history", responses=refusals(NotFound))
async def list_team_history(team_id: UUID, actor: CurrentActor, reads: Reads) -> list[TeamVersion]:
    """How a team was, the latest first."""
    rows = await reads.fetch(queries.team_history(actor, team_id))
    if not rows:
        raise NotFound
    return [TeamVersion.model_validate(row) for row in rows]


@teams.patch("/{team_id}", responses=_CHANGED | refusals(TeamEnded))
async def change_team(
    team_id: UUID, change: TeamChange, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> TeamOut:
    """Take over what is different about a team since a day."""
    changed = await commands.change_team(session, actor, team_id, change, version=version, now=now)
    return TeamOut.model_validate(queries.civic_shown(actor, changed))


@teams.post("/{team_id}/end", responses=_CHANGED | refusals(TeamEnded))
async def end_team(
    team_id: UUID, ending: Ending, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> TeamOut:
    """Note that a team cannot be called any more."""
    ended = await commands.end_team(session, actor, team_id, ending, version=version, now=now)
    return TeamOut.model_validate(queries.civic_shown(actor, ended))


@seats.get("", responses=refusals(NotFound))
async def list_seats(
    area: Area, actor: CurrentActor, reads: Reads, paging: Paging, now: Now, body: SeatBody | None = None
) -> Page[SeatOut]:
    """Residents' representatives and members of the five committees whose term runs, by name for who keeps them."""
    rules.check_asked_area(actor, area)
    asked = queries.seats(actor, area, body, today(now), after=paging.after(UUID), limit=paging.limit)
    rows = await reads.fetch(asked)
    shown = SeatOut.model_validate
    return page_of(rows, paging, key=lambda r: (r["id"],), item=lambda r: shown(queries.seat_shown(actor, r)))


@seats.post("", status_code=201, responses=_ENTERED | refusals(SeatTaken, PersonHasLeft))
async def take_seat(entry: SeatIn, actor: CurrentActor, session: WriteSession, now: Now) -> SeatOut:
    """Note who sits in a body of the community, and for which term."""
    made = await commands.take_seat(session, actor, entry, now=now)
    return SeatOut.model_validate(await queries.written_seat(session, actor, made))


@seats.post("/{seat_id}/end", responses=_CHANGED | refusals(SeatEnded))
async def end_seat(
    seat_id: UUID, ending: Ending, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> SeatOut:
    """Note that somebody gave a seat up."""
    ended = await commands.end_seat(session, actor, seat_id, ending, version=version, now=now)
    return SeatOut.model_validate(await queries.written_seat(session, actor, ended))


@documents.get("", responses=refusals(InvalidInput))
async def list_documents(
    community: Annotated[CommunityCode, Query(description="Whose documents.")],
    runtime: CurrentRuntime,
    paging: Paging,
    kind: DocumentKind | None = None,
    older: Annotated[bool, Query(description="Also those a newer one took the place of.")] = False,
) -> Page[DocumentRow]:
    """What a community published (居民自治公约 …); for everybody, without an account."""
    asked = queries.documents(community, kind, older=older, after=paging.after(UUID), limit=paging.limit)
    rows = await runtime.system_reads().fetch(asked)
    return page_of(rows, paging, key=lambda row: (row["id"],), item=DocumentRow.model_validate)


@documents.get("/{document_id}", responses=refusals(NotFound))
async def get_document(document_id: UUID, runtime: CurrentRuntime) -> DocumentOut:
    """One document with its text; for everybody."""
    row = await runtime.system_reads().fetch_one(queries.document(document_id))
    if row is None:
        raise NotFound
    return DocumentOut.model_validate(row)


@documents.post("", status_code=201, responses=_ENTERED)
async def publish_document(entry: DocumentIn, actor: CurrentActor, session: WriteSession, now: Now) -> DocumentOut:
    """Publish something for the community; an older one of the same title stays readable."""
    return DocumentOut.model_validate(await commands.publish_document(session, actor, entry, now=now))
