"""A person's own view put together: who looked, grouped where it was routine, and never a name."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.clock import month_of, today
from grid_kernel.errors import NotFound
from grid_kernel.identifiers import mask_id_number
from population_svc import queries, rules
from population_svc.models import CareEntry, DataRequest, OwnAccess, Visit
from population_svc.rules import RequestKind, RequestState
from population_svc.schemas import OwnCare, OwnRead, OwnRecord, OwnRequest, OwnVisit, ReadsOf


def grouped(rows: Iterable[Any]) -> list[OwnRead]:
    """Reads, the latest first: one line each where a purpose was stated, one a month, post and unit where none was."""
    lines: dict[Any, OwnRead] = {}
    for row in rows:
        day, routine = today(row.at), row.purpose is None
        key: Any = (month_of(day).start, row.post, row.unit) if routine else (row.at, row.post, row.unit, row.purpose)
        line = lines.get(key)
        if line is None:
            lines[key] = OwnRead(
                post=row.post,
                unit=row.unit,
                unit_name=row.unit_name,
                service=row.post is None,
                purpose=row.purpose,
                fields=sorted(row.fields),
                routine=routine,
                times=1,
                first_on=day,
                last_on=day,
            )
        else:
            more = {"times": line.times + 1, "first_on": day, "fields": sorted({*line.fields, *row.fields})}
            lines[key] = line.model_copy(update=more)
    return list(lines.values())


async def reads_shown(session: AsyncSession, person_id: UUID, household_id: UUID | None, now: datetime) -> ReadsOf:
    """Who looked, without what two people put under secrecy for now."""
    secrecies = list((await session.execute(queries.secrecies_of(person_id))).scalars())
    rows = (await session.execute(queries.reads_of(person_id, household_id, now))).all()
    shown = [row for row in rows if not queries.is_secret(row, secrecies)]
    return ReadsOf(reads=grouped(shown), kept_secret=len(rows) - len(shown))


async def own_record(session: AsyncSession, opened: OwnAccess, now: datetime) -> OwnRecord:
    """Everything that is kept of a person and of nobody else."""
    person = await queries.any_person(session, opened.person_id)
    if person is None or opened.closes_at is None:
        raise NotFound
    home = (await session.execute(queries.own_home(person.id))).first()
    asked = list((await session.execute(queries.requests_of(person.id))).scalars())
    care = (await session.execute(queries.own_care(person.id))).scalars()
    day = today(now)
    visits = []
    if home is not None:
        visits = list((await session.execute(queries.own_visits(home.household_id, home.valid_from))).scalars())
    reads = await reads_shown(session, person.id, home.household_id if home else None, now)
    shown = person.model_dump(
        include={"name", "sex", "birth_date", "id_document_type", "phone", "population_type", "registered_here"}
    )
    return OwnRecord(
        **shown,
        id_number=mask_id_number(person.id_number) if person.id_number else None,
        relation_to_head=home.relation_to_head if home else None,
        address=home.address if home else None,
        area_code=person.area_code,
        restricted_on=person.restricted_on,
        care=[_care(entry, day) for entry in care],
        visits=_visits(visits, asked),
        requests=[OwnRequest.model_validate(each.model_dump()) for each in asked],
        reads=reads.reads,
        closes_at=opened.closes_at,
    )


def _care(entry: CareEntry, day: Any) -> OwnCare:
    state = rules.care_state(entry.expires_on, entry.ended_on, day)
    return OwnCare.model_validate(entry.model_dump() | {"state": state})


def _visits(visits: Iterable[Visit], asked: Iterable[DataRequest]) -> list[OwnVisit]:
    """Visits with the notes the station found to speak of nobody else, up to the day it decided so."""
    granted = [
        each.decided_at
        for each in asked
        if each.kind is RequestKind.VISIT_NOTES and each.state is RequestState.GRANTED and each.decided_at
    ]
    until = max(granted, default=None)
    return [
        OwnVisit(
            visited_on=visit.visited_on,
            outcome=visit.outcome,
            note=visit.note if until is not None and visit.recorded_at <= until else None,
        )
        for visit in visits
    ]
