"""What a person does with the own record, and what the station and others do about it."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.audit import record_access, record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import Unit, WorkingCalendar, deadline, today
from grid_kernel.db import as_system, expect_version
from grid_kernel.errors import InvalidInput, NotFound, Refusal
from grid_kernel.events import publish
from grid_kernel.identifiers import query_code, typed_query_code
from population_svc import queries, rules
from population_svc.commands.changing import change_person, correct_person
from population_svc.models import CareEntry, DataRequest, OwnAccess, Person, Secrecy
from population_svc.rules import BasisKind, RequestKind
from population_svc.rules.own import check_shown
from population_svc.rules.permissions import serves_at_window_of
from population_svc.schemas import (
    DataRequestDecision,
    OwnAsk,
    OwnCodeIn,
    OwnCodeOut,
    OwnOpening,
    OwnPass,
    OwnRequestIn,
    OwnWithdrawal,
    SecrecyIn,
)

_NEEDS_WORDS = frozenset({RequestKind.CORRECTION, RequestKind.EXPLANATION})


async def issue_own_code(session: AsyncSession, actor: Actor, entry: OwnCodeIn, *, now: datetime) -> OwnCodeOut:
    """Make the code for whoever shows a document at the window; recorded, stored as a hash."""
    rules.check_serves_at_window(actor)
    check_shown(entry.id_number, entry.person_id, entry.document)
    async with as_system(session):
        person = await _shown(session, actor, entry)
        code = query_code()
        issued = OwnAccess(
            person_id=person.id,
            area_code=person.area_code,
            code_index=code,
            issued_by=actor.id,
            issued_at=now,
            expires_at=now + rules.CODE_LASTS,
        )
        session.add(issued)
        await session.flush()
        shown = entry.document or person.id_document_type
        await record_act(session, actor, "own_code.issued", person, kind="person", now=now, reason=f"document_{shown}")
        await record_access(session, actor, kind="person", ids=[person.id], fields=["id"], purpose="own_code")
    return OwnCodeOut(code=code, expires_at=issued.expires_at)


async def _shown(session: AsyncSession, actor: Actor, entry: OwnCodeIn) -> Person:
    """Whose document was shown. Anybody of the district by number; without one, of the own community only."""
    if entry.person_id is None:
        found = await queries.by_id_number(session, rules.as_stored(str(entry.id_number)))
        if found is None or found.status is rules.PersonStatus.MERGED:
            raise InvalidInput.at("/idNumber", "nobody-with-this-number")
        return found
    person = await queries.any_person(session, entry.person_id)
    if person is None or person.status is rules.PersonStatus.MERGED:
        raise NotFound
    if not serves_at_window_of(actor, person.area_code):
        raise NotFound
    if person.id_number is not None:
        raise InvalidInput.at("/idNumber", "shown-number-needed")
    return person


async def open_own(session: AsyncSession, entry: OwnOpening, *, now: datetime) -> OwnPass | Refusal:
    """Turn a code into a pass. A refusal is returned, not raised: that it was tried must be stored."""
    found = await queries.own_code(session, typed_query_code(entry.code))
    if found is None or found.pass_index is not None or now >= found.expires_at:
        return rules.OwnCodeUnknown()
    if found.wrong_tries >= rules.WRONG_TRIES:
        return rules.OwnCodeLocked()
    person = await queries.any_person(session, found.person_id)
    if person is None or person.birth_date != rules.first_known_day(entry.birth_date, person.birth_precision):
        found.wrong_tries += 1
        return rules.OwnCodeUnknown()
    secret = secrets.token_urlsafe(32)
    found.open(secret, now)
    await session.flush()
    resident = rules.as_resident(person.id)
    await record_act(session, resident, "own_record.opened", person, kind="person", now=now)
    return OwnPass(secret=secret, closes_at=now + rules.PASS_LASTS)


async def open_signed_in(session: AsyncSession, number: str, *, now: datetime) -> OwnPass:
    """A pass for whoever the identity provider vouches for, as if the card had been shown at the window."""
    person = await queries.by_id_number(session, rules.as_stored(number))
    if person is None or person.status is rules.PersonStatus.MERGED:
        raise rules.OwnRecordUnknown
    secret = secrets.token_urlsafe(32)
    access = OwnAccess(
        person_id=person.id,
        area_code=person.area_code,
        code_index=secrets.token_urlsafe(32),
        issued_by="identity-provider",
        issued_at=now,
        expires_at=now,
    )
    access.open(secret, now)
    session.add(access)
    await session.flush()
    resident = rules.as_resident(person.id)
    await record_act(session, resident, "own_record.opened", person, kind="person", now=now, reason="identity_provider")
    return OwnPass(secret=secret, closes_at=now + rules.PASS_LASTS)


async def opened(session: AsyncSession, entry: OwnAsk, *, now: datetime) -> OwnAccess:
    """What a pass opens; OwnRecordClosed when it does not any more."""
    found = await queries.own_pass(session, entry.secret, now)
    if found is None:
        raise rules.OwnRecordClosed
    return found


async def close_own(session: AsyncSession, entry: OwnAsk, *, now: datetime) -> None:
    """End a pass before its time."""
    (await opened(session, entry, now=now)).close(now)


async def ask_of_own(
    session: AsyncSession, entry: OwnRequestIn, *, calendar: WorkingCalendar, now: datetime
) -> OwnAccess:
    """Ask for something of the own record; the station has fifteen working days."""
    access = await opened(session, entry, now=now)
    if entry.kind in _NEEDS_WORDS and entry.words is None:
        raise InvalidInput.at("/words", "missing")
    person = await queries.any_person(session, access.person_id)
    if person is None:
        raise NotFound
    asked = DataRequest(
        person_id=person.id,
        area_code=person.area_code,
        kind=entry.kind,
        words=entry.words,
        asked_at=now,
        due_at=deadline(now, rules.ANSWER_REQUEST_WITHIN, Unit.WORKING_DAY, calendar).due_at,
    )
    session.add(asked)
    await session.flush()
    resident = rules.as_resident(person.id)
    await record_act(session, resident, "own_record.asked", asked, kind="data_request", now=now)
    return access


async def withdraw_own(session: AsyncSession, entry: OwnWithdrawal, *, now: datetime) -> OwnAccess:
    """Withdraw a consent, as easily as it was given: the care entry ends today."""
    access = await opened(session, entry, now=now)
    care = await session.get(CareEntry, entry.care_entry_id, with_for_update=True)
    if care is None or care.person_id != access.person_id:
        raise NotFound
    await publish(session, care.withdraw(on=today(now), now=now))
    await session.flush()
    resident = rules.as_resident(access.person_id)
    await record_act(session, resident, "care.consent_withdrawn", care, kind="care_entry", now=now)
    return access


async def decide_request(
    session: AsyncSession, actor: Actor, request_id: UUID, decision: DataRequestDecision, *, version: int, now: datetime
) -> DataRequest:
    """Grant or refuse what a person asked for. What is granted holds from now on: it is written with the decision."""
    asked = await queries.data_request_for_update(session, actor, request_id)
    rules.check_decides_requests(actor, asked.area_code)
    expect_version(asked, version)
    if not decision.granted and decision.answer is None:
        raise InvalidInput.at("/answer", "missing")
    rules.check_brings_correction(asked.kind, granted=decision.granted, brings=_brings(decision))
    asked.decide(granted=decision.granted, answer=decision.answer, now=now)
    if decision.granted:
        await _carry_out(session, actor, asked, decision, now)
    await session.flush()
    outcome = asked.state.value
    await record_act(session, actor, "data_request.decided", asked, kind="data_request", now=now, reason=outcome)
    return asked


def _brings(decision: DataRequestDecision) -> str | None:
    return next((name for name in ("correction", "change") if getattr(decision, name) is not None), None)


async def _carry_out(
    session: AsyncSession, actor: Actor, asked: DataRequest, decision: DataRequestDecision, now: datetime
) -> None:
    restricts = {RequestKind.DELETION: True, RequestKind.RESTRICTION: True, RequestKind.LIFT_RESTRICTION: False}
    if asked.kind is RequestKind.CORRECTION:
        await _correct(session, actor, asked.person_id, decision, now)
    elif asked.kind in restricts:
        person = await queries.any_person(session, asked.person_id)
        if person is None:
            return
        change: dict[str, Any] = {"restricted_on": today(now) if restricts[asked.kind] else None}
        if asked.kind is RequestKind.DELETION:
            # A record that must be kept by law is not used any more (PIPL 47); what rests on consent alone is gone.
            change["phone"] = None
            await _end_consents(session, person.id, now)
        person.change(change, since=person.effective_on, now=now)


async def _correct(
    session: AsyncSession, actor: Actor, person_id: UUID, decision: DataRequestDecision, now: datetime
) -> None:
    person = await queries.person_for_update(session, actor, person_id)
    if decision.correction is not None:
        entry = decision.correction
        person = await correct_person(session, actor, person_id, entry, version=person.version, now=now)
    if decision.change is not None:
        await change_person(session, actor, person_id, decision.change, version=person.version, now=now)


async def _end_consents(session: AsyncSession, person_id: UUID, now: datetime) -> None:
    for care in (await session.execute(queries.own_care(person_id))).scalars():
        if care.ended_on is None and care.basis_kind is not BasisKind.STATUTORY:
            await publish(session, care.withdraw(on=today(now), now=now))


async def propose_secrecy(session: AsyncSession, actor: Actor, entry: SecrecyIn, *, now: datetime) -> Secrecy:
    """Propose that reads by a post or unit stay unshown to a person for a time; nothing is hidden yet."""
    person = await queries.person_for_update(session, actor, entry.person_id)
    rules.check_proposes_secrecy(actor, person.area_code)
    rules.check_secrecy_period(entry.since, entry.until, entry.post, entry.unit)
    proposed = Secrecy(
        **entry.model_dump(by_alias=False),
        area_code=person.area_code,
        proposed_by=actor.id,
        proposed_at=now,
    )
    session.add(proposed)
    await session.flush()
    await record_act(session, actor, "secrecy.proposed", proposed, kind="secrecy", now=now)
    return proposed


async def confirm_secrecy(
    session: AsyncSession, actor: Actor, secrecy_id: UUID, *, version: int, now: datetime
) -> Secrecy:
    """Let it come into force, as the second person."""
    secrecy = await queries.secrecy_for_update(session, actor, secrecy_id)
    rules.check_confirms_secrecy(actor, secrecy.area_code, secrecy.proposed_by)
    expect_version(secrecy, version)
    secrecy.confirm(actor.id, now)
    await session.flush()
    await record_act(session, actor, "secrecy.confirmed", secrecy, kind="secrecy", now=now)
    return secrecy


async def end_secrecy(session: AsyncSession, actor: Actor, secrecy_id: UUID, *, version: int, now: datetime) -> Secrecy:
    """Let it hold no more; either side may, alone."""
    secrecy = await queries.secrecy_for_update(session, actor, secrecy_id)
    if not actor.holds(rules.AUDITOR, area=secrecy.area_code):
        rules.check_proposes_secrecy(actor, secrecy.area_code)
    expect_version(secrecy, version)
    secrecy.end(now)
    await session.flush()
    await record_act(session, actor, "secrecy.ended", secrecy, kind="secrecy", now=now)
    return secrecy
