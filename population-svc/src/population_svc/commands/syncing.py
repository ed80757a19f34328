"""Taking over what phones kept: each operation in a transaction of its own, once, whatever the order and the delay."""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import JsonValue, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.clock import quarter_of, today
from grid_kernel.errors import InternalError, InvalidInput, Refusal, invalid_from
from grid_kernel.reads import ReadRunner
from grid_kernel.schemas import Input, Schema
from population_svc import queries, rules
from population_svc.commands.campaigning import answer_campaign
from population_svc.commands.changing import change_dwelling, change_household, change_person
from population_svc.commands.moving import leave_person, move_household, move_person
from population_svc.commands.registering import register_household, register_person
from population_svc.commands.reshaping import record_death
from population_svc.commands.stating import Told, state
from population_svc.commands.storing import ABOUT
from population_svc.commands.visiting import record_visit
from population_svc.merging import Clash, merge
from population_svc.models import Dwelling, Household, Person, SyncOperation
from population_svc.schemas import (
    CampaignAnswerOp,
    Death,
    Departure,
    DwellingChange,
    HouseholdChange,
    HouseholdIn,
    HouseholdMove,
    NewPerson,
    Operation,
    PackDwelling,
    PackHousehold,
    PackPerson,
    PersonChange,
    PersonMove,
    SyncResult,
    VisitIn,
)

if TYPE_CHECKING:
    from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)
T = TypeVar("T", bound=Input)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one operation."""

    id: UUID
    result: SyncResult
    version: int | None = None
    refusal: Refusal | None = None
    clashes: Sequence[Clash] = ()
    server: Schema | None = None


class _Conflict(Exception):  # noqa: N818 - an answer, like a refusal
    """Somebody changed the same in between."""

    def __init__(self, clashes: Sequence[Clash], server: Schema | None, version: int) -> None:
        super().__init__("conflict")
        self.clashes, self.server, self.version = clashes, server, version


@dataclass(frozen=True, slots=True)
class _Act:
    """One operation under way."""

    session: AsyncSession
    actor: Actor
    asked: Operation
    now: datetime

    @property
    def target(self) -> UUID:
        """What the operation is about."""
        if self.asked.target_id is None:
            raise InvalidInput.at("/targetId", "missing")
        return self.asked.target_id

    @property
    def told(self) -> Told:
        """When it was said, and by which operation."""
        return Told(self.asked.at, self.asked.id)

    def read(self, schema: type[T], without: Sequence[str] = ("base",), **more: Any) -> T:
        """The body as the route of the same name would read it."""
        body = {name: value for name, value in self.asked.body.items() if name not in without}
        return _read(schema, body | more)

    def base(self, schema: type[Input]) -> Mapping[str, Any]:
        """Each changed member as the phone had it."""
        given = self.asked.body.get("base") or {}
        read = _read(schema, given, at="/base")
        return {name: getattr(read, name) for name in read.model_fields_set}


_Show = Callable[[_Act, Any], Awaitable[Schema | None]]


def _read(schema: type[T], body: JsonValue | Mapping[str, Any], at: str = "") -> T:
    try:
        return schema.model_validate(body)
    except ValidationError as error:
        refusal = invalid_from(error)
        raise InvalidInput(errors=[type(e)(f"{at}{e.pointer}", e.code, e.params) for e in refusal.errors]) from None


async def sync(runtime: "Runtime", actor: Actor, operations: Sequence[Operation], now: datetime) -> list[Outcome]:
    """Do the operations one after the other; what fails takes nothing with it."""
    return [await _one(runtime, actor, operation, now) for operation in operations]


async def _one(runtime: "Runtime", actor: Actor, asked: Operation, now: datetime) -> Outcome:
    try:
        actor = await _as_then(runtime, actor, asked, now)
        async with runtime.app_session(actor) as session:
            session.info["via"] = f"POST /sync {asked.kind}"
            known = await _begin(session, actor, asked, now)
            if known is not None:
                return known
            if (do := _KINDS.get(asked.kind)) is None:
                raise InvalidInput.at("/kind", "not-acceptable")
            version = await do(_Act(session, actor, asked, now))
            (await queries.sync_operation(session, asked.id)).version = version
        return Outcome(asked.id, SyncResult.CREATED, version)
    except Refusal as refusal:
        return Outcome(asked.id, SyncResult.REJECTED, refusal=refusal)
    except _Conflict as found:
        return Outcome(asked.id, SyncResult.CONFLICT, found.version, clashes=found.clashes, server=found.server)
    except Exception as error:
        # What the engines cannot do now they can do later: the phone keeps it all. A fault of ours in one operation
        # must not hold up those behind it.
        if isinstance(error, (SQLAlchemyError, OSError)) and not isinstance(error, (IntegrityError, DataError)):
            raise
        log.exception("an operation failed", extra={"kind": asked.kind})
        return Outcome(asked.id, SyncResult.REJECTED, refusal=InternalError())


async def _as_then(runtime: "Runtime", actor: Actor, asked: Operation, now: datetime) -> Actor:
    """The actor with the right to one place more: where the thing was in his grid when the act was done.

    A grid may have been split or merged, or a household have moved on, while the phone was offline. What its holder
    did then is taken over now, wherever the record lies.
    """
    target = asked.target_id or _named(asked.body.get("householdId"))
    walks = next((grant for grant in actor.grants if grant.post in rules.WALKERS), None)
    if target is None or walks is None:
        return actor
    reads = runtime.system_reads(actor)
    where = await reads.fetch(queries.where_then(target, asked.at))
    if not where or actor.holds(*rules.KEEPERS, area=where[0]["area_code"]):
        return actor
    held = [await _held(reads, actor, each["grid_code_then"], now) for each in where]
    more = (walks.model_copy(update={"area": where[0]["area_code"]}),) if any(held) else ()
    return actor.model_copy(update={"grants": (*actor.grants, *more)})


async def _held(reads: ReadRunner, actor: Actor, grid: str, now: datetime) -> bool:
    """Whether a grid is one of the actor's, or one of those his were made of."""
    if actor.holds(*rules.WALKERS, area=grid):
        return True
    return bool(await reads.fetch(queries.came_from(grid, actor.areas(*rules.WALKERS), now)))


def _named(value: JsonValue) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None


async def _begin(session: AsyncSession, actor: Actor, asked: Operation, now: datetime) -> Outcome | None:
    """Claim the id. A second one waits here for the first and is answered by what became of it."""
    rules.check_keeps_register(actor)
    claim = insert(SyncOperation).values(id=asked.id, actor_id=actor.id, kind=asked.kind, at=asked.at, recorded_at=now)
    claimed = await session.scalar(claim.on_conflict_do_nothing().returning(col(SyncOperation.id)))
    if claimed is not None:
        return None
    first = await queries.sync_operation(session, asked.id)
    if first.actor_id != actor.id or first.kind != asked.kind:
        raise rules.AlreadyRecorded
    return Outcome(asked.id, SyncResult.DUPLICATE, first.version)


async def _record_visit(act: _Act) -> int:
    entry = act.read(VisitIn, ("base", "id"), id=act.asked.id)
    _, household = await record_visit(act.session, act.actor, entry, now=act.now, from_phone=True)
    return household.version


async def _register_person(act: _Act) -> int:
    entry = act.read(NewPerson, ("base", "id"), id=act.asked.body.get("id") or act.asked.id)
    await _check_no_twin(act, entry)
    return (await register_person(act.session, act.actor, entry, now=act.now)).version


async def _check_no_twin(act: _Act, entry: NewPerson) -> None:
    """Two phones may enter the same child: the second is shown the first, and may say that it is another one."""
    base = act.asked.body.get("base")
    known = await queries.twin(act.session, entry.household_id, entry.name, entry.birth_date)
    if known is None or (isinstance(base, dict) and base.get("distinctFrom") == str(known)):
        return
    row = await queries.person_for_update(act.session, act.actor, known)
    clash = Clash("name", entry.name, row.name)
    raise _Conflict([clash], await _person(act, row), row.version)


async def _register_household(act: _Act) -> int:
    entry = act.read(HouseholdIn, ("base", "id"), id=act.asked.body.get("id") or act.asked.id)
    return (await register_household(act.session, act.actor, entry, now=act.now)).version


async def _change_person(act: _Act) -> int:
    row = await queries.person_for_update(act.session, act.actor, act.target)
    change = await _merged(act, PersonChange, row, _person)
    if change is None:
        return row.version
    given: dict[str, Any] = {"version": row.version, "now": act.now, "told": act.told}
    return (await change_person(act.session, act.actor, row.id, change, **given)).version


async def _change_household(act: _Act) -> int:
    row = await queries.household_for_update(act.session, act.actor, act.target)
    change = await _merged(act, HouseholdChange, row, _household)
    if change is None:
        return row.version
    given: dict[str, Any] = {"version": row.version, "now": act.now, "told": act.told}
    return (await change_household(act.session, act.actor, row.id, change, **given)).version


async def _change_dwelling(act: _Act) -> int:
    row = await queries.dwelling_for_update(act.session, act.actor, act.target)
    change = await _merged(act, DwellingChange, row, _dwelling)
    if change is None:
        return row.version
    given: dict[str, Any] = {"version": row.version, "now": act.now, "told": act.told}
    return (await change_dwelling(act.session, act.actor, row.id, change, **given)).version


async def _merged(act: _Act, schema: type[T], row: Any, shown: _Show) -> T | None:
    """What is left to change, since the day of the act; None when everything stands as it is stated."""
    change = act.read(schema)
    stated = {name: getattr(change, name) for name in change.model_fields_set if name not in ABOUT}
    present = {name: getattr(row, name) for name in stated}
    base = {**act.base(schema), **{name: value for name, value in present.items() if name in rules.SEEN}}
    spoken = await queries.stated_by_phone(act.session, act.actor.id, row.id)
    outdated = {name for name, at in spoken.items() if at > act.asked.at}
    current = act.asked.base_version == row.version
    found = merge(stated, base, present, current=current, outdated=outdated)
    if found.clashes:
        raise _Conflict(found.clashes, await shown(act, row), row.version)
    settled = [name for name in stated if name not in found.changes]
    evidence = getattr(change, "evidence", None)
    state(act.session, act.actor, row, settled, evidence=evidence, now=act.now, told=act.told)
    if not found.changes:
        return None
    since = getattr(change, "effective_on", None) or today(act.asked.at)
    return schema.model_validate({**found.changes, "effective_on": since, "evidence": evidence})


async def _move_household(act: _Act) -> int:
    row = await queries.household_for_update(act.session, act.actor, act.target)
    await _check_still(act, row, "dwelling_id", row.dwelling_id, _household)
    to = act.read(HouseholdMove)
    return (await move_household(act.session, act.actor, row.id, to, version=row.version, now=act.now)).version


async def _move_person(act: _Act) -> int:
    row, to = await _still_living(act), act.read(PersonMove)
    return (await move_person(act.session, act.actor, row.id, to, version=row.version, now=act.now)).version


async def _leave_person(act: _Act) -> int:
    row, departure = await _still_living(act), act.read(Departure)
    return (await leave_person(act.session, act.actor, row.id, departure, version=row.version, now=act.now)).version


async def _record_death(act: _Act) -> int:
    row, death = await _still_living(act), act.read(Death)
    return (await record_death(act.session, act.actor, row.id, death, version=row.version, now=act.now)).version


async def _still_living(act: _Act) -> Person:
    """The person, who still lives in the household the phone had."""
    row = await queries.person_for_update(act.session, act.actor, act.target)
    lived = await queries.current_occupancy(act.session, row.id)
    where = lived.household_id if lived else None
    await _check_still(act, row, "household_id", where, _person)
    return row


async def _check_still(act: _Act, row: Any, member: str, there: UUID | None, shown: _Show) -> None:
    """Conflict when the place is not the one the phone had: by its base, else by the version."""
    base = act.asked.body.get("base")
    had = base.get(to_camel(member)) if isinstance(base, dict) else None
    same = had == str(there) if had is not None else act.asked.base_version in (None, row.version)
    if not same:
        raise _Conflict([Clash(member, had, there)], await shown(act, row), row.version)


async def _person(act: _Act, row: Person) -> PackPerson | None:
    """The present person as a pack shows it; nothing when he or she lives outside this actor's areas."""
    found = (await act.session.execute(queries.pack_person(act.actor, row.id))).mappings().first()
    return PackPerson.model_validate(found) if found else None


async def _household(act: _Act, row: Household) -> PackHousehold | None:
    """The present household as a pack shows it; nothing when it was dissolved."""
    day = today(act.now)
    asked = queries.pack_households(act.actor, row.area_code, quarter_of(day), day, [row.id])
    found = (await act.session.execute(asked)).mappings().first()
    if found is None:
        return None
    persons = (await act.session.execute(queries.pack_persons(act.actor, [row.id]))).mappings().all()
    return PackHousehold.model_validate({**found, "persons": persons})


async def _dwelling(_: _Act, row: Dwelling) -> PackDwelling:
    """The present dwelling."""
    return PackDwelling.model_validate(row)


async def _answer_campaign(act: _Act) -> int:
    """An answer given in time is kept whenever it arrives; a later one takes its place."""
    said = act.read(CampaignAnswerOp, id=str(act.asked.id), answeredAt=act.asked.at.isoformat())
    await answer_campaign(act.session, act.actor, said.campaign_id, said, now=act.now)
    return 1


_KINDS: Mapping[str, Callable[[_Act], Awaitable[int]]] = {
    "visit.record": _record_visit,
    "campaign.answer": _answer_campaign,
    "person.register": _register_person,
    "person.change": _change_person,
    "person.move": _move_person,
    "person.departure": _leave_person,
    "person.death": _record_death,
    "household.register": _register_household,
    "household.change": _change_household,
    "household.move": _move_household,
    "dwelling.change": _change_dwelling,
}
"""What a phone can do offline."""
