"""Finds the applicant in the register of persons, by the whole identity number; the register records the question."""

from datetime import datetime, timedelta
from uuid import UUID

from approval_svc import queries
from approval_svc.rules import Link
from grid_kernel import clock
from grid_kernel.ask import ask
from grid_kernel.contracts.population import FIND_PERSON, FindByIdNumber, PersonFound
from grid_kernel.errors import Refusal
from grid_kernel.runtime import Runtime

PURPOSE = "application"
AGAIN_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 50


async def link(runtime: Runtime, application_id: UUID, now: datetime | None = None) -> Link | None:
    """Ask for one applicant and keep what is known; None when there is nobody to ask for.

    When nobody answers, the application goes its way unlinked, and a job asks again.
    """
    async with runtime.system_session() as session:
        party = await queries.waiting_party(session, application_id)
    if party is None:
        return None
    # No transaction is open while another service is waited for.
    found = await _ask(runtime, party.id_number)
    return await _keep(runtime, application_id, found, now or clock.now())


async def link_waiting(runtime: Runtime, now: datetime) -> int:
    """Ask for the applicants that are still unlinked, until one question is not answered."""
    async with runtime.system_session() as session:
        waiting = await queries.to_link(session, now, AT_ONCE)
    done = 0
    for application_id in waiting:
        if await link(runtime, application_id, now) in {Link.WAITING, Link.UNANSWERED}:
            break
        done += 1
    return done


async def _ask(runtime: Runtime, id_number: str) -> PersonFound | None:
    try:
        return await ask(runtime, FIND_PERSON, FindByIdNumber(id_number=id_number, purpose=PURPOSE))
    except Refusal:
        return None


async def _keep(runtime: Runtime, application_id: UUID, found: PersonFound | None, now: datetime) -> Link | None:
    async with runtime.system_session() as session:
        party = await queries.waiting_party(session, application_id)
        if party is None:
            return None
        if found is not None:
            party.person_id, party.link_after = found.person_id, None
            party.link = Link.LINKED if found.person_id else Link.NOT_REGISTERED
        elif now - party.taken_at < GIVE_UP_AFTER:
            party.link_after = now + AGAIN_AFTER
        else:
            party.link, party.link_after = Link.UNANSWERED, None
        return party.link
