"""Reporting: anybody may, anywhere; nothing about the place or the routing can make it fail."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import catalogue, rules
from dispute_svc.catalogue import Category
from dispute_svc.commands.placing import settle
from dispute_svc.commands.saving import save
from dispute_svc.dossier import Dossier, Why
from dispute_svc.models import Case, CaseNumber, Party, PartyRole
from dispute_svc.schemas import ReportIn
from dispute_svc.spots import columns_of, spot_of
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import after_commit
from grid_kernel.errors import InvalidInput
from grid_kernel.identifiers import case_code, query_code
from grid_kernel.runtime import Runtime
from grid_kernel.types import uuid7


@dataclass(frozen=True, slots=True)
class Reported:
    """A new case, and the query code that is kept nowhere else in clear."""

    case: Case
    query_code: str


async def report(session: AsyncSession, runtime: Runtime, actor: Actor, given: ReportIn, *, now: datetime) -> Reported:
    """Take a report. Its place is found and its unit chosen after the commit; a job does it if that is interrupted."""
    done = await take_report(session, actor, given, district=runtime.settings.district, now=now)
    case_id = done.case.id
    after_commit(session, lambda: settle(runtime, [case_id]))
    return done


async def take_report(
    session: AsyncSession,
    actor: Actor,
    given: ReportIn,
    *,
    district: str,
    now: datetime,
    case_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> Reported:
    """Write a report down, under an id and at a moment the phone named, if it named them."""
    category = category_of(given.category)
    if given.self_resolution:
        rules.check_may_resolve(actor, None)
    number = await next_numbers(session, today(now), 1)
    dossier, code = begin(actor, given, category, district, number, now, case_id=case_id, happened_at=happened_at)
    await save(session, dossier, now)
    return Reported(dossier.case, code)


def category_of(code: str) -> Category:
    """The category of a report."""
    category = catalogue.categories().get(code)
    if category is None:
        raise InvalidInput.at("/category", "unknown-category")
    return category


async def next_numbers(session: AsyncSession, day: date, count: int) -> int:
    """The first of so many numbers of a day."""
    statement = insert(CaseNumber).values(day=day, last=count)
    raised = statement.on_conflict_do_update(
        index_elements=["day"],
        set_={"last": CaseNumber.__table__.c.last + statement.excluded.last},  # type: ignore[attr-defined]
    )
    last = await session.scalar(raised.returning(CaseNumber.__table__.c.last))  # type: ignore[attr-defined]
    return int(last or 0) - count + 1


def begin(
    actor: Actor,
    given: ReportIn,
    category: Category,
    district: str,
    number: int,
    now: datetime,
    *,
    case_id: UUID | None = None,
    happened_at: datetime | None = None,
) -> tuple[Dossier, str]:
    """The dossier of a new case: reported, and ended at once when it was solved on the spot."""
    code = query_code()
    case = Case(
        id=case_id or uuid7(),
        case_code=case_code(district, today(now), number),
        query_code=code,
        area_code=district,
        kind=category.kind,
        category=category.code,
        title=given.title,
        description=given.description,
        restricted=given.restricted or category.restricted,
        emergency=given.emergency,
        channel=given.channel,
        reported_at=happened_at or now,
        reporter_kind=actor.kind,
        reporter_id=actor.id,
        anonymous=given.anonymous,
        building_id=given.building_id,
        chosen_area=given.grid_code if given.grid_code and given.grid_code.startswith(district) else None,
        locate_after=now,
        **columns_of(given.point),
    )
    dossier = Dossier(case)
    if party := _party(case, given, now):
        dossier.parties.append(party)
    dossier.report(actor, now, Why(attachments=given.attachments, happened_at=happened_at))
    if done := given.self_resolution:
        spot = spot_of(done.point)
        why = Why(note=done.note, attachments=done.attachments, spot=spot, happened_at=happened_at)
        dossier.resolve(actor, now, why)
    return dossier, code


def _party(case: Case, given: ReportIn, now: datetime) -> Party | None:
    who = given.reporter
    if who is None or not (who.name or who.contact or who.person_id):
        return None
    return Party(
        case_id=case.id,
        area_code=case.area_code,
        role=PartyRole.REPORTER,
        name=who.name,
        contact=who.contact,
        person_id=who.person_id,
        taken_at=now,
    )
