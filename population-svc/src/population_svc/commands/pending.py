"""Setting what is checked, and deciding what waits."""

from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import today
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput
from population_svc import queries, rules
from population_svc.commands.changing import change_dwelling, change_household, change_person
from population_svc.commands.stating import Told
from population_svc.commands.storing import stored
from population_svc.models import CheckSetting, PendingChange
from population_svc.rules import CheckedKind
from population_svc.schemas import CheckSettingIn, DwellingChange, HouseholdChange, PendingDecision, PersonChange


async def set_check(session: AsyncSession, actor: Actor, entry: CheckSettingIn, *, now: datetime) -> CheckSetting:
    """Let a member be checked in an area and below from a day on."""
    rules.check_sets_rules(actor, entry.area_code)
    rules.check_checkable(entry.kind, entry.member)
    if entry.valid_from < today(now):
        raise InvalidInput.at("/validFrom", "in-the-past")
    setting = CheckSetting(**entry.model_dump(by_alias=False))
    async with stored(session):
        session.add(setting)
    return setting


async def end_check(
    session: AsyncSession, actor: Actor, setting_id: UUID, *, version: int, now: datetime
) -> CheckSetting:
    """Let a member be checked no more from today on; what waits still waits for its decision."""
    setting = await queries.check_setting_for_update(session, setting_id)
    rules.check_sets_rules(actor, setting.area_code)
    expect_version(setting, version)
    setting.end(max(today(now), setting.valid_from))
    await session.flush()
    return setting


async def decide_change(
    session: AsyncSession, actor: Actor, change_id: UUID, decision: PendingDecision, *, version: int, now: datetime
) -> PendingChange:
    """Publish what waits, under the word and evidence of whoever said it, or refuse it for a reason."""
    waiting = await queries.pending_for_update(session, actor, change_id)
    rules.check_checks(actor, waiting.area_code, waiting.asked_by)
    expect_version(waiting, version)
    waiting.decide(decision.refusal, now)
    await session.flush()
    if decision.refusal is None:
        await _publish(session, actor, waiting, now)
    await record_act(
        session, actor, "pending_change.decided", waiting, kind="pending_change", now=now, reason=waiting.state.value
    )
    return waiting


async def _publish(session: AsyncSession, actor: Actor, waiting: PendingChange, now: datetime) -> None:
    said = orjson.loads(waiting.changes) | {"effective_on": waiting.effective_on, "evidence": waiting.evidence}
    by = (waiting.asked_by, waiting.asked_post, waiting.asked_unit)
    told = Told(at=waiting.asked_at, by=by)
    if waiting.kind is CheckedKind.PERSON:
        person = await queries.person_for_update(session, actor, waiting.object_id)
        change = PersonChange.model_validate(said)
        await change_person(session, actor, person.id, change, version=person.version, now=now, told=told)
    elif waiting.kind is CheckedKind.HOUSEHOLD:
        household = await queries.household_for_update(session, actor, waiting.object_id)
        word = HouseholdChange.model_validate(said)
        await change_household(session, actor, household.id, word, version=household.version, now=now, told=told)
    else:
        dwelling = await queries.dwelling_for_update(session, actor, waiting.object_id)
        new = DwellingChange.model_validate(said)
        await change_dwelling(session, actor, dwelling.id, new, version=dwelling.version, now=now, told=told)
