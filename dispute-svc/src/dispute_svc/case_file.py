"""A whole case as its reader may see it: who reported, and who an anonymous reporter is, is not for everybody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from dispute_svc import queries, rules
from dispute_svc.rules import Asked, EntryKind, ExtensionState, ObjectionState, Part, Standing
from dispute_svc.schemas import (
    ActionOut,
    CaseOut,
    CaseSummary,
    Disclosure,
    DispatchOut,
    EntryOut,
    ExtensionOut,
    MyReport,
    ObjectionOut,
    PointOut,
    ReporterOut,
)
from dispute_svc.wording import Words
from grid_kernel.auth import Actor
from grid_kernel.errors import NotFound
from grid_kernel.identifiers import mask_phone
from grid_kernel.reads import ReadRunner

Row = Mapping[str, Any]


def summary(row: Row, now: datetime) -> CaseSummary:
    """A row of a list."""
    return CaseSummary.model_validate({**row, "late": rules.is_late(row["state"], row["due_at"], now)})


def my_report(row: Row, now: datetime) -> MyReport:
    """A row of the list of own reports."""
    return MyReport.model_validate({**row, "late": rules.is_late(row["state"], row["due_at"], now)})


def dispatch_out(row: Any, words: Words, now: datetime) -> DispatchOut:
    """The part of a unit, with its clock in words."""
    given = dict(row) if isinstance(row, Mapping) else row.model_dump()
    late = given["state"] in rules.PENDING_DISPATCH and given["due_at"] < now
    said = words.clock(given["sent_at"], given["limit_amount"], given["limit_unit"])
    return DispatchOut.model_validate({**given, "late": late, "clock": said})


async def read_dispatch(reads: ReadRunner, dispatch_id: UUID, actor: Actor, words: Words, now: datetime) -> DispatchOut:
    """One dispatch of a case the actor sees."""
    row = await reads.fetch_one(queries.dispatch_seen(dispatch_id, actor))
    if row is None:
        raise NotFound
    return dispatch_out(row, words, now)


async def read_case(reads: ReadRunner, case_id: UUID, actor: Actor, words: Words, now: datetime) -> CaseOut:
    """A case the actor sees, whole."""
    row = await _fetch(reads, queries.seen(case_id, actor))
    knows = rules.may_see_reporter(actor, row["area_code"], anonymous=row["anonymous"], restricted=row["restricted"])
    return await _compose(reads, row, words, now, actor, knows_reporter=knows, seen=True)


async def read_own_report(reads: ReadRunner, case_id: UUID, actor: Actor, words: Words, now: datetime) -> CaseOut:
    """A case the actor reported, whole, wherever it lies."""
    row = await _fetch(reads, queries.own_report(case_id, actor))
    return await _compose(reads, row, words, now, actor, knows_reporter=True, seen=False)


async def disclose_contact(reads: ReadRunner, case_id: UUID, actor: Actor, purpose: str) -> Disclosure:
    """The reporter's contact in clear, for a stated purpose, on record."""
    row = await _fetch(reads, queries.seen(case_id, actor))
    knows = rules.may_see_reporter(actor, row["area_code"], anonymous=row["anonymous"], restricted=row["restricted"])
    if not knows:
        raise rules.MayNotKnowReporter
    party = await reads.fetch_one(
        queries.reporter_of(case_id), access="case_party", fields=["contact"], purpose=purpose
    )
    if party is None:
        raise NotFound
    return Disclosure(contact=party["contact"])


async def check_named(reads: ReadRunner, case_id: UUID, sha256: str, actor: Actor) -> None:
    """A file is read through a case the actor sees, and only if its timeline names it."""
    await _fetch(reads, queries.seen(case_id, actor))
    if await reads.fetch_one(queries.attachment_named(case_id, sha256)) is None:
        raise NotFound


async def _fetch(reads: ReadRunner, statement: Select[Any]) -> Row:
    row = await reads.fetch_one(statement)
    if row is None:
        raise NotFound
    return row


async def _compose(
    reads: ReadRunner, row: Row, words: Words, now: datetime, actor: Actor, *, knows_reporter: bool, seen: bool
) -> CaseOut:
    case_id = row["id"]
    entries = await reads.fetch(queries.entries_of(case_id))
    dispatches = await reads.fetch(queries.dispatches_of(case_id))
    extensions = await reads.fetch(queries.extensions_of(case_id))
    objections = await reads.fetch(queries.objections_of(case_id))
    reporter = await _reporter(reads, case_id) if knows_reporter else None
    hidden = row["anonymous"] and not knows_reporter
    offered = rules.offers(
        actor,
        _standing(row, dispatches, objections, extensions),
        own=(row["reporter_kind"], row["reporter_id"]) == (actor.kind, actor.id),
        seen=seen,
        told_reporter=reporter is not None,
    )
    members = {
        **row,
        "late": rules.is_late(row["state"], row["due_at"], now),
        "point": _point(row),
        "routing": words.routed(row["routing"]),
        "reporter": reporter,
        "entries": [_entry(entry, words, row["reporter_id"], hide_reporter=hidden) for entry in entries],
        "dispatches": [dispatch_out(dispatch, words, now) for dispatch in dispatches],
        "objections": [ObjectionOut.model_validate(dict(objection)) for objection in objections],
        "extensions": [ExtensionOut.model_validate(dict(extension)) for extension in extensions],
        "actions": [ActionOut.model_validate(offer, from_attributes=True) for offer in offered],
    }
    return CaseOut.model_validate({name: members[name] for name in CaseOut.model_fields})


def _standing(row: Row, dispatches: Sequence[Row], objections: Sequence[Row], extensions: Sequence[Row]) -> Standing:
    asking = [each for each in extensions if each["state"] == ExtensionState.OPEN]
    objecting = [each for each in objections if each["state"] == ObjectionState.OPEN]
    facts = ("id", "version", "state", "outcome", "area_code", "restricted", "anonymous")
    part = ("id", "version", "unit_code", "role", "state", "handled_by")
    asked = ("id", "version", "unit_code")
    return Standing(
        **{name: row[name] for name in facts},
        parts=[Part(**{name: each[name] for name in part}) for each in dispatches],
        objections=[Asked(**{name: each[name] for name in asked}) for each in objecting],
        extensions=[Asked(**{name: each[name] for name in asked}) for each in asking],
        asking_parts=frozenset(each["dispatch_id"] for each in asking),
    )


async def _reporter(reads: ReadRunner, case_id: UUID) -> ReporterOut | None:
    rows: Sequence[Row] = await reads.fetch(queries.reporter_of(case_id), access="case_party", fields=["name"])
    if not rows:
        return None
    party = dict(rows[0])
    if party["contact"]:
        party["contact"] = mask_phone(party["contact"])
    return ReporterOut.model_validate(party)


def _entry(row: Row, words: Words, reporter_id: str, *, hide_reporter: bool) -> EntryOut:
    told = dict(row)
    if hide_reporter and (row["kind"] in _BY_THE_REPORTER or row["actor_id"] == reporter_id):
        told |= {"post": None, "unit": None}
    told["explanation"] = words.routing(row["explanation"]) if row["explanation"] else None
    return EntryOut.model_validate(told)


_BY_THE_REPORTER = frozenset({EntryKind.REPORTED, EntryKind.SELF_RESOLVED, EntryKind.RATED})


def _point(row: Row) -> PointOut | None:
    if row["lon"] is None:
        return None
    return PointOut(
        lon=row["lon"],
        lat=row["lat"],
        accuracy_m=row["accuracy_m"],
        captured_at=row["captured_at"],
        source=row["point_source"],
        given_crs=row["point_crs"],
    )
