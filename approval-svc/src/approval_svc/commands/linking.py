"""Finds the applicant in the register of persons, by the whole identity number; the register records the question."""

from datetime import datetime, timedelta
from uuid import UUID

from approval_svc import queries
from grid_kernel import clock
from grid_kernel.ask import ask
from grid_kernel.contracts.population import FIND_PERSON, FindByIdNumber
from grid_kernel.errors import Refusal
from grid_kernel.runtime import Runtime

PURPOSE = "application"
AGAIN_AFTER = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(days=3)
AT_ONCE = 50


async def link(runtime: Runtime, application_id: UUID) -> bool:
    """Ask for one applicant; when nobody answers, a job asks again and the application goes its way unlinked."""
    now = clock.now()
    async with runtime.system_session() as session:
        application = await queries.by_id(session, application_id)
        party = await queries.party_of(session, application_id)
        if application is None or party is None or application.link_after is None:
            return False
        try:
            found = await ask(runtime, FIND_PERSON, FindByIdNumber(id_number=party.id_number, purpose=PURPOSE))
        except Refusal:
            waited = now - application.submitted_at
            application.link_after = now + AGAIN_AFTER if waited < GIVE_UP_AFTER else None
            return False
        party.person_id, application.link_after = found.person_id, None
        return found.person_id is not None


async def link_waiting(runtime: Runtime, now: datetime) -> int:
    """Ask for the applicants that are still unlinked."""
    async with runtime.system_session() as session:
        waiting = await queries.to_link(session, now, AT_ONCE)
    return sum([await link(runtime, application_id) for application_id in waiting])
