"""Persons: one of them, finding, entering, changing, moving, leaving, and showing a masked field."""

from uuid import UUID

from grid_kernel.auth import CurrentActor
from grid_kernel.clock import today
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, refusals
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from population_svc import commands, queries, rules
from population_svc.rules import AlreadyRecorded, HouseholdEnded, IdNumberRegistered, PersonHasLeft, SearchTooBroad
from population_svc.schemas import (
    Departure,
    Moved,
    NewPerson,
    PersonChange,
    PersonChanged,
    PersonCorrection,
    PersonMove,
    PersonOut,
    PersonSearch,
    PersonsFound,
    PresenceOut,
    PresentPerson,
    Reveal,
    Revealed,
)

persons = GridRouter(prefix="/persons", tags=["persons"])


@persons.post(
    "",
    status_code=201,
    responses=refusals(InvalidInput, Forbidden, NotFound, AlreadyRecorded, IdNumberRegistered, HouseholdEnded),
)
async def register_person(entry: NewPerson, actor: CurrentActor, session: WriteSession, now: Now) -> PersonOut:
    """Enter a person into a household; one who had left the district is taken back with the old record."""
    person = await commands.register_person(session, actor, entry, now=now)
    return await queries.written_person(session, actor, person.id)


@persons.post("/search", responses=refusals(SearchTooBroad, Forbidden))
async def search_persons(
    asked: PersonSearch, actor: CurrentActor, reads: Reads, runtime: CurrentRuntime
) -> PersonsFound:
    """Find a person by a whole number, or by a name (also in letters) and where or when he or she was born; ten."""
    rules.check_keeps_register(actor)
    narrowed = bool(asked.grid or asked.building_id or asked.address or asked.birth_date)
    rules.check_search(asked.name, bool(asked.id_number or asked.phone), narrowed)
    return await queries.find_persons(runtime.system_reads(actor), reads, actor, asked)


@persons.post("/presence", responses=refusals(Forbidden))
async def find_present_person(
    asked: PresentPerson, actor: CurrentActor, runtime: CurrentRuntime, now: Now
) -> PresenceOut:
    """Whether somebody who stands at the window, perhaps from elsewhere, is registered; the minimum, recorded."""
    rules.check_serves_at_window(actor)
    reads = runtime.system_reads(actor, "POST /persons/presence")
    found = await queries.where_registered(reads, asked.id_number, asked.purpose, today(now))
    return PresenceOut(registered=found is not None, community_code=found["area_code"][:12] if found else None)


@persons.get("/{person_id}", responses=refusals(NotFound))
async def get_person(person_id: UUID, actor: CurrentActor, reads: Reads) -> PersonOut:
    """A person, masked by the reader's right; the read is recorded."""
    return await queries.read_person(reads, actor, person_id)


@persons.patch("/{person_id}", responses=refusals(Forbidden, NotFound) | CHANGED)
async def change_person(
    person_id: UUID, change: PersonChange, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonChanged:
    """Take over what is different about a person since a day."""
    await commands.change_person(session, actor, person_id, change, version=version, now=now)
    shown = await queries.written_person(session, actor, person_id)
    waiting = await queries.waiting_members(session, person_id, now)
    return PersonChanged(**shown.model_dump(), waiting=waiting)


@persons.post(
    "/{person_id}/corrections",
    responses=refusals(InvalidInput, Forbidden, NotFound, IdNumberRegistered) | CHANGED,
)
async def correct_person(
    person_id: UUID, entry: PersonCorrection, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonOut:
    """Correct a name, sex, date of birth or number that was recorded wrongly: it holds for every day of the record."""
    await commands.correct_person(session, actor, person_id, entry, version=version, now=now)
    return await queries.written_person(session, actor, person_id)


@persons.post("/{person_id}/moves", responses=refusals(Forbidden, NotFound, PersonHasLeft) | CHANGED)
async def move_person(
    person_id: UUID, to: PersonMove, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> Moved:
    """Let a person live in another household of the district."""
    moved = await commands.move_person(session, actor, person_id, to, version=version, now=now)
    return Moved(id=moved.id, area_code=moved.area_code, moved_on=to.moved_on, version=moved.version)


@persons.post("/{person_id}/departure", responses=refusals(Forbidden, NotFound, PersonHasLeft) | CHANGED)
async def leave_person(
    person_id: UUID, departure: Departure, actor: CurrentActor, version: IfMatch, session: WriteSession, now: Now
) -> PersonOut:
    """Let a person leave the district; the record stays."""
    await commands.leave_person(session, actor, person_id, departure, version=version, now=now)
    return await queries.written_person(session, actor, person_id)


@persons.post("/{person_id}/reveal", responses=refusals(Forbidden, NotFound))
async def reveal(person_id: UUID, asked: Reveal, actor: CurrentActor, session: WriteSession) -> Revealed:
    """Show one masked field whole, for a purpose; the person can see that it was."""
    return await commands.reveal(session, actor, person_id, asked)
