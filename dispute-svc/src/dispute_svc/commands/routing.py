"""The routing table: what it says of a place, and how it is changed."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from dispute_svc import catalogue, queries, rules, triage
from dispute_svc.models import RoutingRule
from dispute_svc.rules import Limit
from dispute_svc.schemas import PreviewIn, RuleChange, RuleIn
from dispute_svc.spots import spot_of
from grid_kernel.ask import ask
from grid_kernel.audit import record_act
from grid_kernel.auth import Actor
from grid_kernel.clock import Unit, today
from grid_kernel.contracts.gis import LOCATE, LocatePoint, LocatePoints
from grid_kernel.db import expect_version
from grid_kernel.errors import InvalidInput, Refusal
from grid_kernel.runtime import Runtime
from grid_kernel.schemas import PointIn


def as_rule(row: RoutingRule) -> triage.Rule:
    """A stored row as the routing rules take it."""
    return triage.Rule(
        id=row.id,
        category=row.category,
        area_prefix=row.area_prefix,
        unit_code=row.unit_code,
        position=row.position,
        limit=Limit(row.limit_amount, Unit(row.limit_unit)),
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )


async def decide_for(session: AsyncSession, category: str, area_code: str, day: date) -> triage.Decision:
    """What the table says of a category at a place on a day."""
    table = [as_rule(row) for row in await queries.routing_table(session, category)]
    return triage.decide(category, area_code, day, table, await queries.units_known(session))


async def dry_run(session: AsyncSession, category: str, area_code: str, *, now: datetime) -> triage.Decision:
    """Say what would happen to a report, without one."""
    if category not in catalogue.categories():
        raise InvalidInput.at("#/query/category", "unknown-category")
    return await decide_for(session, category, area_code, today(now))


async def preview(session: AsyncSession, runtime: Runtime, given: PreviewIn, *, now: datetime) -> triage.Decision:
    """Say which unit a report would go to, with the place found as for a report; nothing about it can fail."""
    if given.category not in catalogue.categories():
        raise InvalidInput.at("/category", "unknown-category")
    area = given.grid_code or await _grid_at(runtime, given.point, now) or runtime.settings.district
    return await decide_for(session, given.category, area, today(now))


async def _grid_at(runtime: Runtime, point: PointIn | None, now: datetime) -> str | None:
    spot = spot_of(point)
    if spot is None:
        return None
    asked = LocatePoints(points=(LocatePoint(reference="here", lon=spot.lon, lat=spot.lat),), at=now)
    try:
        answer = await ask(runtime, LOCATE, asked)
    except Refusal:
        return None
    code = answer.points[0].grid_code or answer.points[0].area_code
    return code if code and code.startswith(runtime.settings.district) else None


async def routes_of(session: AsyncSession, grid_code: str, *, now: datetime) -> list[triage.Decision]:
    """What the table says of every category in a grid."""
    table = [as_rule(row) for row in await queries.whole_routing_table(session)]
    units, day = await queries.units_known(session), today(now)
    return [triage.decide(code, grid_code, day, table, units) for code in catalogue.categories()]


async def install_routing(session: AsyncSession, district: str) -> int:
    """Put the packaged rows into the table; rows that were there before, changed or ended, are left alone."""
    rows = [row_of(rule) for rule in catalogue.packaged_rules(district)]
    done = await session.execute(insert(RoutingRule).values(rows).on_conflict_do_nothing())
    return int(done.rowcount)  # type: ignore[attr-defined]  # a cursor result, since it is an insert


def row_of(rule: triage.Rule) -> dict[str, object]:
    """The columns of a packaged rule."""
    return {
        "id": rule.id,
        "version": 1,
        "category": rule.category,
        "area_prefix": rule.area_prefix,
        "unit_code": rule.unit_code,
        "position": rule.position,
        "limit_amount": rule.limit.amount,
        "limit_unit": rule.limit.unit.value,
        "valid_from": rule.valid_from,
        "valid_to": rule.valid_to,
    }


async def add_rule(session: AsyncSession, actor: Actor, given: RuleIn, *, now: datetime) -> RoutingRule:
    """Add a row to the table."""
    rules.check_may_change_rule(actor, given.area_prefix)
    if given.category not in catalogue.categories():
        raise InvalidInput.at("/category", "unknown-category")
    row = _new_row(given.category, given.area_prefix, given)
    session.add(row)
    await _note(session, actor, "routing-rule.added", row, now)
    return row


async def change_rule(
    session: AsyncSession, actor: Actor, rule_id: UUID, given: RuleChange, *, version: int, now: datetime
) -> RoutingRule:
    """Let something else hold from a day on: a row that has begun ends there and a new one follows."""
    row = await queries.rule_for_update(session, rule_id)
    rules.check_may_change_rule(actor, row.area_prefix)
    expect_version(row, version)
    begun = row.valid_from < today(now)
    if begun and _only_ends(row, given):
        if given.valid_to and given.valid_to < today(now):
            raise InvalidInput.at("/validTo", "in-the-past")
        row.version, row.valid_to = row.version + 1, given.valid_to
        await _note(session, actor, "routing-rule.ended", row, now)
        return row
    if given.valid_from < today(now):
        raise InvalidInput.at("/validFrom", "in-the-past")
    if begun:
        row.version, row.valid_to = row.version + 1, min(row.valid_to or given.valid_from, given.valid_from)
        await _note(session, actor, "routing-rule.ended", row, now)
        follower = _new_row(row.category, row.area_prefix, given)
        session.add(follower)
        await _note(session, actor, "routing-rule.added", follower, now)
        return follower
    row.version += 1
    await _note(session, actor, "routing-rule.changed", row, now)
    _fill(row, given)
    return row


def _new_row(category: str, area_prefix: str, given: RuleIn | RuleChange) -> RoutingRule:
    return RoutingRule(
        category=category,
        area_prefix=area_prefix,
        unit_code=given.unit_code,
        position=given.position,
        limit_amount=given.limit.amount,
        limit_unit=given.limit.unit.value,
        valid_from=given.valid_from,
        valid_to=given.valid_to,
    )


def _fill(row: RoutingRule, given: RuleChange) -> None:
    row.unit_code, row.position = given.unit_code, given.position
    row.limit_amount, row.limit_unit = given.limit.amount, given.limit.unit.value
    row.valid_from, row.valid_to = given.valid_from, given.valid_to


def _only_ends(row: RoutingRule, given: RuleChange) -> bool:
    limit = Limit(row.limit_amount, Unit(row.limit_unit))
    same = (row.unit_code, row.position, limit, row.valid_from)
    return same == (given.unit_code, given.position, Limit(given.limit.amount, given.limit.unit), given.valid_from)


class _AtPlace:
    """A row of the table as the audit takes it."""

    def __init__(self, row: RoutingRule) -> None:
        self.id, self.area_code = row.id, row.area_prefix


async def _note(session: AsyncSession, actor: Actor, action: str, row: RoutingRule, now: datetime) -> None:
    await record_act(session, actor, action, _AtPlace(row), kind="routing_rule", now=now)
