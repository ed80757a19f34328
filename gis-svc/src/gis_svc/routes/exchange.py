"""Areas as files, in and out: GeoJSON, GeoPackage, Shapefile; and which source's outline is in force."""

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import Response

from gis_svc import commands, exchange, rules
from gis_svc.commands.drawing import Change
from gis_svc.exchange import FileFormat, OutCrs, Shape, UnreadableFileError
from gis_svc.findings import problems_out, report_of
from gis_svc.queries import areas as queries
from gis_svc.routes.areas import Source
from gis_svc.routes.grids import AREAS_CHANGE
from gis_svc.routes.parameters import AsOf, Within
from gis_svc.rules import Level
from gis_svc.schemas import Adoption, AreaOut, AreasImported, Day, SourceCode
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, TooLarge, refusals
from grid_kernel.geo import Crs
from grid_kernel.labels import Labels
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import CurrentRuntime, Now, Reads
from grid_kernel.schemas import AreaCode

MOST_BYTES = 20 * 1024 * 1024
router = GridRouter(tags=["areas"])
_FILE = {"requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            kind: {"schema": {"type": "object" if file_format is FileFormat.GEOJSON else "string"}}
            for file_format, kind in exchange.MEDIA_TYPES.items()
        }
    }
}
FormatIn = Annotated[FileFormat, Query(alias="format", description="What the file is; a Shapefile comes zipped.")]
CrsIn = Annotated[
    Crs | None, Query(description="What the numbers are, where the file names no system or one that is not true.")
]


async def wanted(
    now: Now,
    source: Annotated[
        SourceCode, Query(description="Whose outlines these are (code table area_sources).")
    ] = "imported",
    in_force: Annotated[bool, Query(alias="inForce", description="Come into force, or stand beside what is.")] = False,
    effective_on: Annotated[Day | None, Query(alias="effectiveOn", description="The day they hold from.")] = None,
) -> commands.Wanted:
    """What shall become of the file."""
    return commands.Wanted(source, in_force, Change.of(effective_on, now))


@router.get("/area-exports", response_class=Response, responses=_FILES)
async def export_areas(
    reads: Reads,
    day: AsOf,
    file_format: FormatIn = FileFormat.GEOJSON,
    within: Within = None,
    level: Level | None = None,
    source: Source = None,
    crs: Annotated[OutCrs, Query(description="The system the file is written in.")] = OutCrs.CGCS2000,
) -> Response:
    """Areas as they were on a day as a file: those in force, or what one source says."""
    rows = await queries.outlines(reads, day=day, within=within, level=level, source=source)
    told = [_row(row) for row in rows]
    content = await asyncio.to_thread(exchange.write, told, file_format, crs)
    name = f"areas-{within or 'all'}-{day}.{exchange.SUFFIXES[file_format]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"}
    return Response(content, headers=headers, media_type=exchange.MEDIA_TYPES[file_format])


def _row(row: queries.Row) -> dict[str, object]:
    return {
        "outline": row["outline_wkb"],
        "code": row["code"],
        "name": row["name"],
        "level": str(row["level"]),
        "parent": row["parent_code"],
        "grid_type": row["grid_type"] and str(row["grid_type"]),
        "kind": row["kind"],
        "source": row["source"],
        "official": row["in_force"] and not row["synthetic"],
        "synthetic": row["synthetic"],
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
        "area_m2": row["area_m2"],
    }


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent: its features in CGCS2000, what shall become of them, and who asks."""

    request: Request
    labels: Labels
    features: list[Shape]
    wanted: commands.Wanted

    def report(self, outcome: commands.Outcome, *, stored: bool) -> AreasImported:
        """What became of it, in the caller's language."""
        return report_of(self.request, self.labels, outcome, self.wanted.source, len(self.features), stored=stored)


async def sent(
    request: Request,
    actor: CurrentActor,
    runtime: CurrentRuntime,
    how: Annotated[commands.Wanted, Depends(wanted)],
    file_format: FormatIn = FileFormat.GEOJSON,
    crs: CrsIn = None,
) -> Sent:
    """The file of a request; only who may draw at all sends any, whether here is asked of each area."""
    if not any(grant.post in rules.DRAWERS for grant in actor.grants):
        raise Forbidden
    content = await request.body()
    if len(content) > MOST_BYTES:
        raise TooLarge
    try:
        features = await asyncio.to_thread(exchange.read, content, file_format, crs)
    except UnreadableFileError as error:
        raise InvalidInput.at("/", error.code, **error.params) from None
    return Sent(request, runtime.labels, features, how)


FileSent = Annotated[Sent, Depends(sent)]


@router.post("/area-imports/checks", openapi_extra=_FILE, responses=refusals(Forbidden, TooLarge))
async def check_area_import(session: WriteSession, actor: CurrentActor, file: FileSent, now: Now) -> AreasImported:
    """Say what an import of this file would do and what it would violate; nothing is stored."""
    trial = await session.begin_nested()
    outcome = await commands.import_areas(session, actor, file.features, file.wanted, now=now)
    await trial.rollback()
    return file.report(outcome, stored=False)


@router.post(
    "/area-imports",
    status_code=201,
    openapi_extra=_FILE,
    responses=refusals(Forbidden, TooLarge, rules.ImportRefused),
    dependencies=AREAS_CHANGE,
)
async def import_areas(session: WriteSession, actor: CurrentActor, file: FileSent, now: Now) -> AreasImported:
    """Take the outlines of a file: all of them or, when one cannot be, none."""
    outcome = await commands.import_areas(session, actor, file.features, file.wanted, now=now)
    if outcome.problems:
        raise rules.ImportRefused(errors=problems_out(outcome.problems), count=len(outcome.problems))
    return file.report(outcome, stored=True)


@router.post(
    "/areas/{code}/adoption",
    responses=refusals(Forbidden, NotFound, rules.AreasOutside) | CHANGED,
    dependencies=AREAS_CHANGE,
)
async def adopt_outline(
    session: WriteSession, actor: CurrentActor, code: AreaCode, wanted: Adoption, version: IfMatch, now: Now
) -> AreaOut:
    """Let the outline of another source be the one in force; the former stays as what its source says."""
    change = Change.of(wanted.effective_on, now)
    await commands.adopt(session, actor, code, wanted.source, change, version=version)
    return (await queries.areas_now(session, [code]))[0]
