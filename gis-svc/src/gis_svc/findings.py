"""Violations of the topology and faults of files, in words."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from starlette.requests import Request

from gis_svc.commands.importing import Outcome
from gis_svc.queries import areas
from gis_svc.queries.areas import Row
from gis_svc.rules import Fault
from gis_svc.schemas import AreasImported, FindingOut, ImportedArea, ImportProblem, Position, TopologyReport
from gis_svc.topology_report import Finding, Home
from gis_svc.topology_report import findings as violations
from grid_kernel.errors import FieldError
from grid_kernel.labels import Labels, Language, preferred_language

MOST_SHOWN = 1_000
MOST_PROBLEMS = 100


async def topology(
    request: Request, labels: Labels, rows: Sequence[Row], homes: Sequence[Home], day: date, within: str | None
) -> TopologyReport:
    """The report of an area; worked out beside the requests."""
    found = await asyncio.to_thread(lambda: violations(areas.pieces(rows), homes))
    names = {row["code"]: row["name"] for row in rows}
    counts = Counter(each.fault for each in found)
    language = _language(request)
    return TopologyReport(
        as_of=day,
        within=within,
        areas=len(rows),
        buildings=len(homes),
        counts={fault: counts[fault] for fault in Fault},
        findings=[_told(each, names, labels, language) for each in found[:MOST_SHOWN]],
        more=max(0, len(found) - MOST_SHOWN),
    )


def report_of(
    request: Request, labels: Labels, outcome: Outcome, source: str, features: int, *, stored: bool
) -> AreasImported:
    """What an import did or would do."""
    language = _language(request)
    return AreasImported(
        stored=stored,
        source=source,
        features=features,
        areas=[ImportedArea.model_validate(each) for each in outcome.done],
        problems=[_problem(each, labels, language) for each in outcome.problems[:MOST_PROBLEMS]],
        findings=[_told(each, {}, labels, language) for each in outcome.findings[:MOST_SHOWN]],
    )


def problems_out(problems: Sequence[FieldError]) -> Sequence[FieldError]:
    """As many faults as somebody reads."""
    return problems[:MOST_PROBLEMS]


def _language(request: Request) -> Language:
    return preferred_language(request.headers.get("accept-language", ""))


def _problem(error: FieldError, labels: Labels, language: Language) -> ImportProblem:
    feature = error.pointer.removeprefix("/features").strip("/")
    text = labels.text(language, "fields", error.code, **error.params)
    if text == error.code:
        text = labels.text(language, "refusals", error.code, "detail", **error.params)
    return ImportProblem(feature=int(feature) if feature.isdigit() else None, code=error.code, text=text)


def _told(found: Finding, names: Mapping[str, Any], labels: Labels, language: Language) -> FindingOut:
    called = [f"{names[code]}（{code}）" if code in names else code for code in found.codes]
    first, *others = called
    said = {"area": first, "others": " ".join(others), "metres": found.area_m2, "building": found.building_id}
    return FindingOut(
        fault=found.fault,
        codes=list(found.codes),
        building_id=found.building_id,
        area_m2=found.area_m2,
        place=Position(lon=found.place[0], lat=found.place[1]),
        text=labels.text(language, "texts", f"fault-{found.fault}", **said),
    )
