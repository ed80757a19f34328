"""Take an application in: a receipt number, a query code shown once, and a clock that runs."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.commands.keeping import keep
from approval_svc.commands.linking import link
from approval_svc.models import Application, Party, ReceiptCounter, ServiceItem
from approval_svc.rules import Link, State, Verb
from approval_svc.schemas import ApplicationIn, PartyIn
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar, today
from grid_kernel.db import after_commit
from grid_kernel.errors import InvalidInput
from grid_kernel.identifiers import BadIdNumber, case_code, check_id_number, query_code
from grid_kernel.runtime import Runtime

ASKED_AT_ONCE = timedelta(minutes=1)
"""The register is asked when the application is stored; the job asks only when that was lost."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A new application, its item, and the query code that is kept nowhere else in clear."""

    application: Application
    item: ServiceItem
    query_code: str


def code_hash(receipt_number: str, code: str) -> bytes:
    """What is stored of a query code; 32^8 codes and five tries per quarter of an hour need no slower hash."""
    return hashlib.sha256(f"{receipt_number}:{code}".encode()).digest()


def code_matches(stored: bytes, receipt_number: str, code: str) -> bool:
    """Whether it is the code, in constant time."""
    return secrets.compare_digest(stored, code_hash(receipt_number, code))


async def submit(
    session: AsyncSession,
    runtime: Runtime,
    actor: Actor,
    given: ApplicationIn,
    *,
    calendar: WorkingCalendar,
    now: datetime,
) -> Taken:
    """Take an application in at the window, or by a grid worker for a resident."""
    rules.check_may_take_in(actor, given.area_code)
    if await queries.is_gone(session, given.area_code):
        raise InvalidInput.at("/areaCode", "grid-gone")
    item = await queries.item_on(session, given.item_code, today(now))
    if item is None:
        raise InvalidInput.at("/itemCode", "unknown-item")
    check_materials(item, [material.seq for material in given.materials])
    place = (await reserve_receipts(session, today(now), 1))[0]
    taken = begin(item, given, case_code(runtime.settings.district, today(now), place), now)
    session.add(taken.application)
    await session.flush()
    session.add(party_of(taken.application, given.applicant, now))
    event = taken.application.submitted()
    await keep(session, taken.application, event, Verb.SUBMIT, actor, calendar=calendar, now=now)
    application_id = taken.application.id
    after_commit(session, lambda: link(runtime, application_id))
    return taken


def check_materials(item: ServiceItem, brought: list[int]) -> None:
    """Refuse papers the item does not know."""
    known = {material["seq"] for material in item.materials}
    for place, seq in enumerate(brought):
        if seq not in known:
            raise InvalidInput.at(f"/materials/{place}/seq", "unknown-material")


async def reserve_receipts(session: AsyncSession, day: date, count: int) -> range:
    """The next so many places of a day; nobody else gets them, and they are free again if this is rolled back."""
    table = ReceiptCounter.__table__  # type: ignore[attr-defined]  # every table model has one
    raised = insert(table).values(day=day, last=count)
    raised = raised.on_conflict_do_update(index_elements=["day"], set_={"last": table.c.last + count})
    last = int(await session.scalar(raised.returning(table.c.last)) or 0)
    return range(last - count + 1, last + 1)


def begin(item: ServiceItem, given: ApplicationIn, receipt_number: str, now: datetime) -> Taken:
    """A new application for an item."""
    code = query_code()
    application = Application(
        area_code=given.area_code,
        receipt_number=receipt_number,
        query_code_hash=code_hash(receipt_number, code),
        item_id=item.id,
        item_code=item.code,
        handling_type=item.handling_type,
        unit_code=item.unit_code,
        state=State.SUBMITTED,
        channel=given.channel,
        materials=[material.model_dump(mode="json") for material in given.materials],
        submitted_at=now,
    )
    return Taken(application, item, code)


def party_of(application: Application, given: PartyIn, now: datetime) -> Party:
    """Who applies, as they say it today."""
    try:
        id_number = check_id_number(given.id_number.get_secret_value(), today(now))
    except BadIdNumber as error:
        raise InvalidInput.at("/applicant/idNumber", error.problem.value) from None
    return Party(
        application_id=application.id,
        area_code=application.area_code,
        name=given.name,
        phone=given.phone,
        id_number=id_number,
        link=Link.WAITING,
        link_after=now + ASKED_AT_ONCE,
        taken_at=now,
    )
