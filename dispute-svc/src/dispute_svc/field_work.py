"""What the phone is answered: where a report goes, what lies near, what became of what was done without a signal."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from dispute_svc import catalogue, queries, rules
from dispute_svc.commands import Outcome
from dispute_svc.schemas import NearbyIn, NearbyOut, OperationError, OperationOut, PreviewOut, RouteOut, ServerCase
from dispute_svc.spots import spot_of
from dispute_svc.triage import Decision, Routed
from dispute_svc.wording import Words
from grid_kernel.auth import Actor
from grid_kernel.errors import Refusal, problem
from grid_kernel.geo import Box, distance_m
from grid_kernel.reads import ReadRunner

_CANDIDATES = 50
Names = Mapping[str, str]


async def unit_names(reads: ReadRunner) -> Names:
    """The name of every unit that is known."""
    return {row["code"]: row["name"] for row in await reads.fetch(queries.units_named())}


def preview_out(decision: Decision, names: Names, words: Words) -> PreviewOut:
    """What would happen to a report, and which number to dial first."""
    category = catalogue.categories()[decision.category]
    route = route_out(decision, names, words)
    return PreviewOut(
        **route.model_dump(),
        area_code=decision.area_code,
        routed=decision.routed,
        rule_id=decision.rule.id if decision.rule and route.unit_code else None,
        explanation=words.routing(decision.as_record()),
        restricted=category.restricted,
        emergency_number=category.emergency_number,
    )


def route_out(decision: Decision, names: Names, words: Words) -> RouteOut:
    """The unit of a category; a unit that cannot be given anything is none."""
    rule = decision.rule if decision.routed is Routed.MATCHED else None
    unit = decision.unit_code if rule else None
    return RouteOut(
        category=decision.category,
        unit_code=unit,
        unit_name=names.get(unit) if unit else None,
        limit_text=words.limit(*rule.limit) if rule else None,
    )


async def nearby(reads: ReadRunner, actor: Actor, given: NearbyIn) -> list[NearbyOut]:
    """Open cases the actor sees that may be the same matter: in the building, or around the point, nearest first."""
    spot = spot_of(given.point)
    reach = rules.NEARBY_M + min(spot.accuracy_m or 0.0, rules.NEARBY_M) if spot else 0.0
    box = Box(spot.lon, spot.lat, spot.lon, spot.lat).widened(reach) if spot else None
    if box is None and given.building_id is None:
        return []
    rows = await reads.fetch(queries.nearby(actor, box, given.building_id, given.category, _CANDIDATES))
    found = [(row, _distance(row, spot)) for row in rows]
    close = [pair for pair in found if _same_building(pair[0], given) or (pair[1] is not None and pair[1] <= reach)]
    close.sort(key=lambda pair: (not _same_building(pair[0], given), pair[1] if pair[1] is not None else reach))
    return [
        NearbyOut.model_validate({**row, "distance_m": None if metres is None else round(metres)})
        for row, metres in close[: rules.NEARBY_SHOWN]
    ]


def _distance(row: Mapping[str, Any], spot: Any) -> float | None:
    if spot is None or row["lon"] is None:
        return None
    return distance_m(spot.lon, spot.lat, row["lon"], row["lat"])


def _same_building(row: Mapping[str, Any], given: NearbyIn) -> bool:
    return given.building_id is not None and row["building_id"] == given.building_id


async def answers(reads: ReadRunner, actor: Actor, done: Sequence[Outcome], words: Words) -> list[OperationOut]:
    """What became of each act, with the case as it stands now."""
    cases = [each.case_id for each in done if each.case_id is not None]
    rows = await reads.fetch(queries.standing(actor, cases)) if cases else []
    names = await unit_names(reads) if cases else {}
    standing = {row["id"]: row for row in rows}
    return [_answer(each, standing, names, words) for each in done]


def _answer(done: Outcome, standing: Mapping[UUID, Mapping[str, Any]], names: Names, words: Words) -> OperationOut:
    row = standing.get(done.case_id) if done.case_id else None
    return OperationOut(
        id=done.operation.id,
        result=done.result,
        version=done.version or None,
        **_why(done.refusal, words),
        server=None if row is None else _server(row, names, done.query_code),
    )


def _server(row: Mapping[str, Any], names: Names, query_code: str | None) -> ServerCase:
    unit = row["lead_unit"]
    named = {"unit_code": unit, "unit_name": names.get(unit) if unit else None, "query_code": query_code}
    return ServerCase.model_validate({**row, **named})


def _why(refusal: Refusal | None, words: Words) -> dict[str, Any]:
    if refusal is None:
        return {"code": None, "title": None, "detail": None, "errors": []}
    said = problem(refusal, words.labels, words.language, "")
    errors = [OperationError.model_validate(error) for error in said.get("errors", ())]
    return {"code": said["code"], "title": said["title"], "detail": said["detail"], "errors": errors}
