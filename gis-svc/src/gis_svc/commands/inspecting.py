"""Inspections of things, and safety checks in homes: recorded, withdrawn, forgotten when the consent ends."""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from gis_svc import rules
from gis_svc.models import HomeCheck, Inspection, Thing
from gis_svc.queries import buildings, inspections, placed
from gis_svc.schemas import ApplianceChecked, HomeCheckIn, InspectionIn
from grid_kernel import clock
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.codes import codes
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from grid_kernel.runtime import Runtime

APPLIANCES = TypeAdapter(list[ApplianceChecked])


async def inspect(
    session: AsyncSession, actor: Actor, thing_id: UUID, found: InspectionIn, *, version: int, now: datetime
) -> Inspection:
    """Record what was found at a thing: its state follows, and the day it is looked at next."""
    thing: Thing = await placed.for_update(session, actor, Thing, thing_id)
    rules.check_may_register(actor, thing.area_code)
    expect_version(thing, version)
    rules.check_inspected(found.inspected_on, found.next_inspection_on, today=clock.today(now))
    entry = Inspection(
        thing_id=thing.id, recorded_at=now, **found.model_dump() | {"attachments": list(found.attachments)}
    )
    session.add(entry)
    thing.inspected(found.result, found.next_inspection_on)
    await record_act(session, actor, "thing.inspected", thing, kind="thing", now=now)
    await session.flush()
    return entry


async def show(
    session: AsyncSession, actor: Actor, thing_id: UUID, photos: Iterable[str], *, version: int, now: datetime
) -> Thing:
    """Put other photographs in the place of those a thing has."""
    thing: Thing = await placed.for_update(session, actor, Thing, thing_id)
    rules.check_may_register(actor, thing.area_code)
    expect_version(thing, version)
    thing.show(list(dict.fromkeys(photos)))
    await record_act(session, actor, "thing.shown", thing, kind="thing", now=now)
    await session.flush()
    return thing


async def check_home(session: AsyncSession, actor: Actor, told: HomeCheckIn, *, now: datetime) -> HomeCheck:
    """Record a safety check in a home; without a consent, or after it ended, nothing is kept."""
    building = await buildings.for_update(session, actor, told.building_id)
    rules.check_may_enter(actor, building.area_code)
    _check_told(told, clock.today(now))
    check = HomeCheck(
        area_code=building.area_code,
        building_id=building.id,
        dwelling_id=told.dwelling_id,
        consent_form=told.consent.form,
        agreed_on=told.consent.agreed_on,
        checked_on=told.checked_on,
        expires_on=told.expires_on or rules.latest_expiry(told.checked_on),
        appliances=APPLIANCES.dump_json(list(told.appliances), by_alias=True).decode(),
        recorded_at=now,
    )
    session.add(check)
    await record_act(session, actor, "home-check.recorded", check, kind="home_check", now=now)
    await session.flush()
    return check


def _check_told(told: HomeCheckIn, today: date) -> None:
    rules.check_consent(told.consent.agreed_on, told.checked_on, told.expires_on, today=today)
    known = codes("gis_svc", HomeCheck.kinds)
    for index, appliance in enumerate(told.appliances):
        if appliance.kind not in known:
            raise InvalidInput.at(f"/appliances/{index}/kind", "unknown-kind")


async def withdraw_consent(session: AsyncSession, actor: Actor, check_id: UUID, *, version: int, now: datetime) -> None:
    """The resident agrees no longer: what the check found is gone at once; that it was withdrawn stays on record."""
    check = await inspections.for_update(session, actor, check_id)
    rules.check_may_enter(actor, check.area_code)
    expect_version(check, version)
    await record_act(session, actor, "home-check.withdrawn", check, kind="home_check", now=now)
    await session.delete(check)
    await session.flush()


async def forget_expired(runtime: Runtime, now: datetime) -> int:
    """Delete the checks whose consent has ended."""
    async with runtime.system_session() as session:
        return await inspections.delete_expired(session, clock.today(now))
