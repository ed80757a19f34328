"""OGC API – Processes: what can be asked for, jobs with progress, their results, and how to stop one."""

from functools import partial
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import shapely
from fastapi.responses import Response
from pydantic import ValidationError

from gis_svc import commands, rules
from gis_svc.kept import drawing_of
from gis_svc.ogc import parameters
from gis_svc.ogc.answers import GEOJSON, JSON, MVT, answer, etag_of, is_known, json_answer, not_modified
from gis_svc.ogc.documents import MATRIX_SET
from gis_svc.ogc.html import form_of, page
from gis_svc.ogc.links import ROOT, link, root_of
from gis_svc.ogc.serving import Caller, CurrentCaller
from gis_svc.processes import PROCESSES, Asking, Process, process_of
from gis_svc.queries import jobs
from gis_svc.routes.ogc.tiles import tile_of
from gis_svc.rules import JobState
from gis_svc.tiles import Sheet
from grid_kernel import clock
from grid_kernel.clock import SHANGHAI
from grid_kernel.db import WriteSession
from grid_kernel.errors import InvalidInput, NotFound, invalid_from
from grid_kernel.labels import preferred_language
from grid_kernel.routing import GridRouter

router = GridRouter(prefix=ROOT)
_VERSION = "1.0.0"
_EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
_RESULTS = "http://www.opengis.net/def/rel/ogc/1.0/results"


@router.get("/processes")
async def list_processes(caller: CurrentCaller) -> Response:
    """All processes."""
    parameters.only(caller.request, ("f",))
    listed = [_summary(caller, process) for process in PROCESSES.values()]
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "processes", processes=listed)
    links = [link(f"{root_of(caller.request)}/processes", "self", JSON, caller.words("links", "self"))]
    return json_answer(caller.request, {"processes": listed, "links": links})


@router.get("/processes/{process}")
async def get_process(caller: CurrentCaller, process: str) -> Response:
    """One process with the schemas of its inputs."""
    parameters.only(caller.request, ("f",))
    found = process_of(process)
    schema = found.inputs.model_json_schema(by_alias=True)
    needed = schema.get("required", [])
    inputs = {
        name: {"title": name, "schema": member, "minOccurs": int(name in needed), "maxOccurs": 1}
        for name, member in schema["properties"].items()
    }
    outputs = {"result": {"title": "result", "schema": {"type": "object", "contentMediaType": GEOJSON}}}
    made = _summary(caller, found) | {"inputs": inputs, "outputs": outputs}
    if form_of(caller.request) == "html":
        return page(caller.request, caller.words, "process", process=made)
    return json_answer(caller.request, made)


def _summary(caller: Caller, process: Process) -> dict[str, Any]:
    here = f"{root_of(caller.request)}/processes/{process.id}"
    return {
        "id": process.id,
        "version": _VERSION,
        "title": caller.words("processes", process.id, "title"),
        "description": caller.words("processes", process.id, "description"),
        "jobControlOptions": ["async-execute", "dismiss"],
        "outputTransmission": ["value"],
        "links": [
            link(here, "self", JSON, caller.words("links", "self")),
            link(f"{here}/execution", _EXECUTE, JSON, caller.words("links", "execute")),
        ],
    }


@router.post("/processes/{process}/execution")
async def execute_process(caller: CurrentCaller, session: WriteSession, process: str) -> Response:
    """Take a job; how far it is stands at its Location."""
    found = process_of(process)
    inputs = _inputs(found, await caller.request.body())
    found.check(caller.actor, inputs.area)
    asking = Asking(
        caller.actor, caller.reads, await caller.places(), clock.today(caller.now), await caller.runtime.calendar()
    )
    work = await found.ready(asking, inputs)
    job = await commands.start(session, caller.runtime, caller.actor, found, inputs, work, caller.now)
    body = orjson.dumps(_status(caller, job.model_dump()))
    headers = {"Location": f"{root_of(caller.request)}/jobs/{job.id}", "Preference-Applied": "respond-async"}
    return answer(caller.request, body, JSON, status=201, headers=headers)


def _inputs(process: Process, body: bytes) -> Any:
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise InvalidInput.at("/", "json-invalid") from None
    given = told.get("inputs") if isinstance(told, dict) else None
    if not isinstance(given, dict):
        raise InvalidInput.at("/inputs", "missing")
    try:
        return process.inputs.model_validate(given)
    except ValidationError as error:
        raise invalid_from(error) from None


@router.get("/jobs")
async def list_jobs(caller: CurrentCaller) -> Response:
    """The caller's jobs, the latest first."""
    parameters.only(caller.request, ("f",))
    listed = [_status(caller, row) for row in await jobs.listed(caller.reads, caller.actor)]
    if form_of(caller.request) == "html":
        return _people(caller, listed, None)
    links = [link(f"{root_of(caller.request)}/jobs", "self", JSON, caller.words("links", "self"))]
    return json_answer(caller.request, {"jobs": listed, "links": links})


@router.get("/jobs/{job_id}")
async def get_job(caller: CurrentCaller, job_id: str) -> Response:
    """How far a job is."""
    parameters.only(caller.request, ("f",))
    status = _status(caller, await jobs.one(caller.reads, caller.actor, _id(job_id)))
    if form_of(caller.request) == "html":
        ended = status["status"] == JobState.SUCCESSFUL
        return _people(caller, [status], f"{root_of(caller.request)}/jobs/{job_id}/results" if ended else None)
    return json_answer(caller.request, status)


def _people(caller: Caller, listed: list[dict[str, Any]], results: str | None) -> Response:
    """Jobs as a page for people."""
    labels = caller.runtime.labels
    language = preferred_language(caller.language)
    states = {state.value: labels.enum(language, "jobState", state.value) for state in JobState}
    return page(caller.request, caller.words, "jobs", jobs=listed, states=states, results=results)


@router.get("/jobs/{job_id}/results")
async def get_results(caller: CurrentCaller, job_id: str) -> Response:
    """What came out of a job."""
    parameters.only(caller.request, ("f",))
    row = await jobs.one(caller.reads, caller.actor, _id(job_id), result=True)
    if row["state"] is not JobState.SUCCESSFUL:
        raise rules.ResultNotReady(state=row["state"])
    return answer(caller.request, row["result"].encode(), GEOJSON)


@router.get("/jobs/{job_id}/results/tiles/{matrix_set}/{tile_matrix}/{tile_row}/{tile_col}")
async def get_result_tile(
    caller: CurrentCaller, job_id: str, matrix_set: str, tile_matrix: str, tile_row: str, tile_col: str
) -> Response:
    """A tile of what came out of a job: grids proposed, circles."""
    tile = tile_of(matrix_set, tile_matrix, tile_row, tile_col)
    parameters.only(caller.request, ("f",))
    row = await jobs.one(caller.reads, caller.actor, _id(job_id))
    if row["state"] is not JobState.SUCCESSFUL:
        raise rules.ResultNotReady(state=row["state"])
    etag = etag_of(job_id, tile)
    if is_known(caller.request, etag):
        return not_modified(etag)
    make = partial(_result_sheet, caller, _id(job_id))
    sheet = await drawing_of(caller.runtime).sheets.made(("job", row["id"]), make)
    return answer(caller.request, sheet.draw(row["process"], tile), MVT, etag=etag)


async def _result_sheet(caller: Caller, job_id: UUID) -> Sheet:
    """Numbers, truths and words of the features; a list or an object is no property of a tile."""
    row = await jobs.one(caller.reads, caller.actor, job_id, result=True)
    features = orjson.loads(row["result"])["features"]
    told = [{"id": str(each["id"]), **each["properties"]} for each in features]
    names = dict.fromkeys(name for each in told for name, value in each.items() if _plain(value))
    columns = {name: [each.get(name) if _plain(each.get(name)) else None for each in told] for name in names}
    drawn = [shapely.from_geojson(orjson.dumps(each["geometry"])) for each in features]
    return Sheet(np.array(drawn, dtype=object), columns)


def _plain(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


@router.delete("/jobs/{job_id}")
async def dismiss_job(caller: CurrentCaller, session: WriteSession, job_id: str) -> Response:
    """Stop a job that runs, or forget one that ended."""
    job = await commands.dismiss(session, caller.actor, _id(job_id), caller.now)
    return json_answer(caller.request, _status(caller, job.model_dump()))


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def _status(caller: Caller, job: Any) -> dict[str, Any]:
    here = f"{root_of(caller.request)}/jobs/{job['id']}"
    links = [link(here, "self", JSON, caller.words("links", "self"))]
    if job["state"] is JobState.SUCCESSFUL:
        links.append(link(f"{here}/results", _RESULTS, GEOJSON, caller.words("links", "results")))
        tiles = f"{here}/results/tiles/{MATRIX_SET}/{{tileMatrix}}/{{tileRow}}/{{tileCol}}"
        links.append(link(tiles, "item", MVT, caller.words("links", "tiles")) | {"templated": True})
    times = {"created": job["created_at"], "updated": job["updated_at"], "finished": job["finished_at"]}
    return {
        "type": "process",
        "jobID": str(job["id"]),
        "processID": job["process"],
        "status": str(job["state"]),
        "progress": job["progress"],
        **{name: moment.astimezone(SHANGHAI).isoformat(timespec="seconds") for name, moment in times.items() if moment},
        **({"message": caller.words("job-messages", job["message"])} if job["message"] else {}),
        "links": links,
    }
