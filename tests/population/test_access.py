"""Nobody sees a person of a foreign area: two walls, each proven alone, and every read leaves a record."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import func, select, text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import tables
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.runtime import Runtime
from population_svc.models import Base, Household, Person, household_version, person_version

ANY = uuid4()
HOUSEHOLD = {"formedOn": "2026-01-01", "dwellingId": str(ANY), "persons": [person()]}
IMPORT = {"areaCode": "150204", "filename": "a", "size": 9, "sha256": "0" * 64}
FORM = {"areaCode": "150204", "name": "a", "subject": "person", "fields": [{"name": "姓名"}], "owner": "station-1"}
FORM |= {"reason": "a", "basis": "a", "endsOn": "2030-01-01"}
EXPORT = {"areaCode": "150204", "subject": "person", "elements": ["name"], "purpose": "reporting", "reason": "a"}
CAMPAIGN = {"areaCode": "150204", "kind": "gas", "name": "a", "formId": str(ANY), "owner": "station-1", "basis": "a"}
CAMPAIGN |= {"startsOn": "2026-11-01", "endsOn": "2030-01-01"}
VISIT = {"householdId": str(ANY), "visitedAt": "2026-11-01T08:00:00+08:00", "outcome": "done"}
CARE = {"personId": str(ANY), "reason": "disability", "basis": "证", "startsOn": "2026-01-10"}
GRID = "150204999999999"
MERGER = {"householdId": str(ANY), "relations": {str(ANY): "02"}, "mergedOn": "2026-01-01"}
NORM = {"areaCode": "150204", "normOf": "grid", "validFrom": "2099-01-01", "households": 400}
RULE = {"areaCode": GRID, "validFrom": "2099-01-01", "monthlyMinimum": 80, "coveragePercent": 90}
RULE |= {"careVisits": 3, "careGapDays": 14}
SYNC = {"operations": [{"id": str(ANY), "kind": "visit.record", "at": VISIT["visitedAt"], "body": VISIT}]}
CLAIM = {"idNumber": "150204198102280011", "wholeHousehold": True, "dwellingId": str(ANY), "movedOn": "2026-01-01"}
ORGANIZATION = {"kind": "enterprise", "name": "店", "grid": GRID, "address": "1号", "openedOn": "2026-01-01"}
TEAM = {"areaCode": GRID[:12], "kind": "repair", "name": "队", "hours": "8:00", "members": 3, "formedOn": "2026-01-01"}
SEAT = {"communityCode": GRID[:12], "body": "culture", "personId": str(ANY), "since": "2026-01-01"}
SEAT |= {"until": "2027-01-01"}
DOCUMENT = {"communityCode": GRID[:12], "kind": "notice", "title": "公告", "body": "停水"}
PUBLIC = {("GET", "/own-record/ways"), ("GET", "/public-documents"), ("GET", "/public-documents/{}")}
SECRECY = {
    "personId": str(ANY),
    "unit": "office-x",
    "since": "2026-01-01",
    "until": "2026-02-01",
    "basis": "刑事诉讼法",
}
# Opened by a code of the window, not by an account.
_WAYS = ("openings", "requests", "withdrawals", "closing", "sign-ins", "sign-ins/openings")
OWN = {"/own-record", *(f"/own-record/{each}" for each in _WAYS)}
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/households", None),
    ("POST", "/households", HOUSEHOLD),
    ("GET", f"/households/{ANY}", None),
    ("PATCH", f"/households/{ANY}", {}),
    ("POST", f"/households/{ANY}/moves", {"dwellingId": str(ANY), "movedOn": "2026-01-01"}),
    ("GET", f"/households/{ANY}/visits", None),
    ("GET", f"/households/{ANY}/care-entries", None),
    ("POST", "/persons", person() | {"householdId": str(ANY), "movedInOn": "2026-01-01"}),
    ("POST", "/persons/search", {"idNumber": "150204198102280011"}),
    ("POST", "/persons/presence", {"idNumber": "150204198102280011", "purpose": "handling_application"}),
    ("GET", f"/persons/{ANY}", None),
    ("PATCH", f"/persons/{ANY}", {}),
    ("POST", f"/persons/{ANY}/moves", {"householdId": str(ANY), "relationToHead": "02", "movedOn": "2026-01-01"}),
    ("POST", f"/persons/{ANY}/departure", {"leftOn": "2026-01-01"}),
    ("POST", f"/persons/{ANY}/reveal", {"field": "phone", "purpose": "emergency"}),
    ("GET", "/dwellings", None),
    ("GET", f"/dwellings/{ANY}", None),
    ("PATCH", f"/dwellings/{ANY}", {}),
    ("POST", "/visits", VISIT),
    ("POST", "/care-entries", CARE),
    ("POST", f"/care-entries/{ANY}/end", {"endedOn": "2026-01-01"}),
    ("GET", "/follow-ups", None),
    ("GET", f"/persons/{ANY}/provenance", None),
    ("GET", f"/households/{ANY}/provenance", None),
    ("GET", f"/dwellings/{ANY}/provenance", None),
    ("POST", f"/persons/{ANY}/death", {"diedOn": "2026-01-01"}),
    ("POST", f"/households/{ANY}/splits", {"relations": {str(ANY): "02"}, "splitOn": "2026-01-01"}),
    ("POST", f"/households/{ANY}/mergers", MERGER),
    ("GET", "/duplicates?area=150204", None),
    ("POST", "/duplicates/distinct", {"firstId": str(ANY), "secondId": str(ANY)}),
    ("POST", f"/persons/{ANY}/mergers", {"mergedId": str(uuid4())}),
    ("POST", f"/person-mergers/{ANY}/undo", {}),
    ("GET", "/care-renewals?area=150204", None),
    ("POST", f"/care-entries/{ANY}/renewal", {}),
    ("POST", f"/care-entries/{ANY}/withdrawal", {}),
    ("GET", "/visit-rules?area=150204", None),
    ("POST", "/visit-rules", RULE),
    ("GET", "/spot-checks?area=150204", None),
    ("POST", f"/spot-checks/{ANY}/answer", {"answer": "confirmed"}),
    ("POST", f"/dwellings/{ANY}/door-token", {}),
    ("POST", "/door-openings", {"token": "0" * 16}),
    ("POST", f"/households/{ANY}/call", {}),
    ("GET", "/statistics/persons?area=150204", None),
    ("GET", "/statistics/households?area=150204", None),
    ("GET", "/statistics/dwellings?area=150204", None),
    ("GET", f"/persons?area={GRID}", None),
    ("POST", "/campaigns", CAMPAIGN),
    ("GET", "/campaigns", None),
    ("GET", f"/campaigns/{ANY}", None),
    ("POST", f"/campaigns/{ANY}/end", None),
    ("GET", f"/campaigns/{ANY}/targets?area={GRID}", None),
    ("POST", f"/campaigns/{ANY}/answers", {"targetId": str(ANY), "answers": {}}),
    ("GET", f"/campaigns/{ANY}/workbook?area={GRID}", None),
    ("POST", "/exports", EXPORT),
    ("GET", "/exports", None),
    ("GET", f"/exports/{ANY}", None),
    ("POST", f"/exports/{ANY}/decision", {"approved": True}),
    ("GET", f"/exports/{ANY}/file", None),
    ("GET", "/data-elements", None),
    ("POST", "/form-matches", {"subject": "person", "fields": [{"name": "姓名"}]}),
    ("POST", "/forms", FORM),
    ("GET", "/forms", None),
    *(("POST", f"/{of}/{ANY}/{what}", None) for of in ("campaigns", "forms") for what in ("returns", "corrections")),
    ("GET", f"/forms/{ANY}", None),
    ("POST", f"/forms/{ANY}/decision", {"approved": True}),
    ("GET", f"/forms/{ANY}/schema", None),
    ("GET", f"/forms/{ANY}/workbook", None),
    ("POST", "/imports", IMPORT),
    ("GET", "/imports", None),
    ("GET", f"/imports/{ANY}", None),
    ("PUT", f"/imports/{ANY}/parts/0", None),
    ("POST", f"/imports/{ANY}/completion", None),
    ("POST", f"/imports/{ANY}/runs", {"dryRun": True}),
    ("POST", f"/imports/{ANY}/cancellation", None),
    ("POST", f"/imports/{ANY}/sheet", {"sheet": "表1"}),
    ("GET", f"/imports/{ANY}/persons", None),
    ("GET", f"/imports/{ANY}/households", None),
    ("GET", f"/imports/{ANY}/rejections", None),
    ("GET", f"/imports/{ANY}/rejected-rows", None),
    ("GET", f"/packs/{GRID}", None),
    ("POST", "/sync", SYNC),
    ("GET", f"/transfers?area={GRID}", None),
    ("POST", "/transfers", {"householdId": str(ANY), "toGrid": GRID, "movedOn": "2026-01-01"}),
    ("POST", "/claims", CLAIM),
    ("GET", f"/transfers/{ANY}", None),
    ("POST", f"/transfers/{ANY}/acceptance", {}),
    ("POST", f"/transfers/{ANY}/refusal", {"reason": "not_here"}),
    ("POST", f"/transfers/{ANY}/withdrawal", {}),
    ("POST", f"/persons/{ANY}/corrections", {"birthDate": "1980-01-01", "evidence": "document_shown"}),
    ("GET", "/check-settings?area=150204", None),
    ("POST", "/check-settings", {"areaCode": GRID, "kind": "person", "member": "name", "validFrom": "2099-01-01"}),
    ("POST", f"/check-settings/{ANY}/end", {}),
    ("GET", "/pending-changes?area=150204", None),
    ("POST", f"/pending-changes/{ANY}/decision", {}),
    ("POST", "/own-codes", {"idNumber": "150204198102280011"}),
    ("GET", "/data-requests?area=150204", None),
    ("POST", f"/data-requests/{ANY}/decision", {"granted": True}),
    ("GET", f"/persons/{ANY}/reads", None),
    ("GET", "/secrecies", None),
    ("POST", "/secrecies", SECRECY),
    ("POST", f"/secrecies/{ANY}/confirmation", {}),
    ("POST", f"/secrecies/{ANY}/end", {}),
    ("GET", "/organizations", None),
    ("POST", "/organizations", ORGANIZATION),
    ("POST", "/organizations/search", {"name": "超市"}),
    ("GET", f"/organizations/{ANY}", None),
    ("GET", f"/organizations/{ANY}/history", None),
    ("PATCH", f"/organizations/{ANY}", {}),
    ("POST", f"/organizations/{ANY}/closing", {"endedOn": "2026-01-01"}),
    ("GET", "/volunteer-teams", None),
    ("POST", "/volunteer-teams", TEAM),
    ("GET", f"/volunteer-teams/{ANY}/history", None),
    ("PATCH", f"/volunteer-teams/{ANY}", {}),
    ("POST", f"/volunteer-teams/{ANY}/end", {"endedOn": "2026-01-01"}),
    ("GET", f"/seats?area={GRID[:12]}", None),
    ("POST", "/seats", SEAT),
    ("POST", f"/seats/{ANY}/end", {"endedOn": "2026-01-01"}),
    ("POST", "/public-documents", DOCUMENT),
    ("GET", "/staffing-norms?area=150204", None),
    ("POST", "/staffing-norms", NORM),
    ("GET", "/staffing?area=150204", None),
    ("POST", "/staffing/what-if", {"areaCode": "150204"}),
    ("GET", "/progress?area=150204", None),
    ("GET", "/counts?area=150204", None),
]
_OF_ANOTHER_KIND = ("/care-entries", "/spot-checks", "/person-mergers", "/transfers", "/data-requests", "/secrecies")
_OF_ANOTHER_KIND += ("/organizations", "/volunteer-teams", "/seats", "/check-settings", "/pending-changes")
WITHOUT_SMALL_NUMBERS = ("/statistics/persons", "/statistics/dwellings")
OPEN_TO_ALL_READERS = {"/campaigns", "/exports", "/forms", "/imports", "/households", "/dwellings", "/follow-ups"}
OPEN_TO_ALL_READERS |= {"/organizations", "/volunteer-teams"}


def names(routes: list[tuple[str, str, Any]]) -> list[str]:
    return [f"{method} {path.replace(str(ANY), '{id}')}" for method, path, _ in routes]


async def test_every_route_is_in_the_list(api: Api) -> None:
    document = (await api.get(None, "/openapi.json")).json()
    common = {"/labels", "/code-tables/{name}", "/audit-heads"}
    known = {
        (m, p.replace(str(ANY), "{}").replace("/parts/0", "/parts/{}").replace(GRID, "{}").split("?")[0])
        for m, p, _ in ROUTES
    }
    served = set()
    for path, verbs in document["paths"].items():
        short = path.removeprefix("/v1")
        if short not in common:
            shape = "/".join("{}" if part.startswith("{") else part for part in short.split("/"))
            served |= {(verb.upper(), shape) for verb in verbs if verb != "parameters"}
    assert served == known | {("POST", path) for path in OWN} | PUBLIC


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=names(ROUTES))
async def test_nobody_is_answered_without_a_name(api: Api, method: str, path: str, body: Any) -> None:
    key = {"Idempotency-Key": uuid4().hex}
    refused(await api.send(None, method, path, body, **key), 401, "unauthenticated")
    forged = key | {"Authorization": "Bearer eyJhbGciOiJub25lIn0.e30."}
    refused(await api.send(None, method, path, body, **forged), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "path", "body"), ROUTES, ids=names(ROUTES))
@pytest.mark.parametrize("post", [Post.PARTY_BUILDING_GUIDE, Post.DEPARTMENT_HANDLER, Post.SYSTEM_ADMIN])
async def test_a_post_without_sight_gets_nothing(api: Api, method: str, path: str, body: Any, post: Post) -> None:
    somebody = Actor(kind="account", id="x", grants=(Grant(post=post, area="150204"),))
    answer = await api.send(somebody, method, path, body, version=1)
    if path.startswith(WITHOUT_SMALL_NUMBERS):
        assert answer.json()["total"]["value"] not in {1, 2, 3, 4} or "dwellings" in path
    elif method == "GET" and path in OPEN_TO_ALL_READERS:
        assert answer.json() == {"items": [], "nextCursor": None}
    else:
        assert answer.status_code in {403, 404}, answer.text


async def test_what_lies_elsewhere_looks_like_what_does_not_exist(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    someone, dwelling = household["persons"][0]["id"], household["dwelling"]["id"]
    for method, path, body in ROUTES:
        if str(ANY) not in path or path.startswith(_OF_ANOTHER_KIND) or path.endswith("/reads"):
            continue
        real = household["id"] if path.startswith("/households") else someone
        real = dwelling if path.startswith("/dwellings") else real
        elsewhere = await api.send(place.neighbour, method, path.replace(str(ANY), real), body, version=1)
        nowhere = await api.send(place.neighbour, method, path, body, version=1)
        first, second = refused(elsewhere, 404, "not-found"), refused(nowhere, 404, "not-found")
        differing = {"instance", "traceId"}
        assert {k: v for k, v in first.items() if k not in differing} == {
            k: v for k, v in second.items() if k not in differing
        }


async def test_the_station_sees_its_community_and_the_street_its_communities(api: Api, place: Place) -> None:
    household = await api.registered(place.worker, place.household())
    for who in (place.worker, place.collector, place.clerk, place.head, place.leader):
        assert (await api.get(who, f"/households/{household['id']}")).status_code == 200
    stranger = Place()
    for who in (stranger.worker, stranger.head, stranger.leader):
        refused(await api.get(who, f"/households/{household['id']}"), 404, "not-found")


async def test_a_substitute_sees_both_grids(api: Api, place: Place) -> None:
    near = await api.registered(place.worker, place.household())
    far = await api.registered(place.neighbour, place.household(building=place.other_building))
    both = tuple(Grant(post=Post.RESIDENT_SERVICE_OFFICER, area=area) for area in (place.grid, place.other_grid))
    substitute = Actor(kind="account", id=str(uuid4()), grants=both)
    listed = (await api.get(substitute, "/households")).json()["items"]
    assert {line["id"] for line in listed} == {near["id"], far["id"]}


@asynccontextmanager
async def without_row_level_security(settings: Any, *names: str) -> AsyncIterator[None]:
    owner = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    try:
        for table in names:
            await owner.execute(f"alter table {table} disable row level security")
        yield
    finally:
        for table in names:
            await owner.execute(f"alter table {table} enable row level security")
        await owner.close()


async def test_the_rule_of_the_application_alone_keeps_foreign_rows_away(api: Api, place: Place, settings: Any) -> None:
    household = await api.registered(place.worker, place.household())
    scoped = ("household", "person", "occupancy", "dwelling", "visit", "care_entry", "household_version")
    async with without_row_level_security(settings, *scoped):
        refused(await api.get(place.neighbour, f"/households/{household['id']}"), 404, "not-found")
        refused(await api.get(place.neighbour, f"/persons/{household['persons'][0]['id']}"), 404, "not-found")
        refused(await api.get(place.neighbour, f"/households/{household['id']}/visits"), 404, "not-found")
        assert (await api.get(place.neighbour, "/households")).json()["items"] == []
        search = {"name": "王小明", "birthDate": "1980-05-17"}
        assert (await api.post(place.neighbour, "/persons/search", search)).json()["items"] == []
        figures = (await api.get(place.neighbour, f"/progress?area={place.community}")).json()
        assert figures["total"]["households"]["value"] == 0


async def test_the_wall_of_the_database_alone_keeps_foreign_rows_away(api: Api, place: Place, runtime: Runtime) -> None:
    await api.registered(place.worker, place.household())
    everything: list[Callable[[], Any]] = [
        lambda: select(func.count()).select_from(Household),
        lambda: select(func.count()).select_from(Person),
        lambda: select(func.count()).select_from(household_version),
        lambda: select(func.count()).select_from(person_version),
    ]
    for who, expected in ((place.worker, 1), (place.neighbour, 0), (place.head, 1), (place.guide, 0)):
        async with runtime.app_session(who) as session:
            assert [await session.scalar(statement()) for statement in everything] == [expected] * 4


async def test_a_connection_carries_nothing_over_to_the_next_request(place: Place, api: Api, runtime: Runtime) -> None:
    await api.registered(place.worker, place.household())
    for _ in range(10):
        assert (await api.get(place.worker, "/households")).json()["items"]
        async with runtime.engine.connect() as forgetful:
            assert await forgetful.scalar(select(func.count()).select_from(Household)) == 0


async def test_every_read_of_a_person_is_kept(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    whom = household["persons"][0]["id"]
    await api.get(place.worker, f"/persons/{whom}")
    await api.get(place.worker, f"/households/{household['id']}")
    await api.get(place.worker, "/households")
    await api.post(place.worker, "/persons/search", {"name": "王小明", "grid": place.grid})
    async with runtime.system_session() as session:
        found = await session.execute(
            text("select object_kind, via, actor_id from access_record where object_ids && :ids order by position"),
            {"ids": [UUID(whom), UUID(household["id"])]},
        )
        records = [tuple(row) for row in found]
    me = place.worker.id
    assert records == [
        ("person", "GET /persons/{person_id}", me),
        ("person", "GET /households/{household_id}", me),
        ("household", "GET /households", me),
        ("person", "POST /persons/search", me),
    ]


async def test_what_was_done_is_kept_in_the_same_transaction(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household())
    await api.visited(place.worker, household)
    async with runtime.system_session() as session:
        found = await session.execute(
            text("select action, reason, post from audit_entry where object_id = :id order by position"),
            {"id": UUID(household["id"])},
        )
    post = "resident_service_officer"
    assert [tuple(row) for row in found] == [("household.registered", None, post), ("household.visited", "done", post)]


async def test_numbers_are_not_readable_in_the_database(api: Api, place: Place, runtime: Runtime) -> None:
    household = await api.registered(place.worker, place.household(person(phone="12000987654")))
    whom = UUID(household["persons"][0]["id"])
    async with runtime.system_session() as session:
        row = await session.execute(
            text("select p.*, v.* from person p join person_version v using (id) where p.id = :id"), {"id": whom}
        )
        stored = repr(row.all())
    assert "12000987654" not in stored
    assert "150299" not in stored


async def test_the_database_is_what_the_models_say(settings: Any) -> None:
    """No column, index or constraint is in one and not in the other (exclusion constraints live in the migration)."""
    owner = await asyncpg.connect(settings.owner_database_url.get_secret_value())
    try:
        found = await owner.fetch(
            "select table_name, column_name, is_nullable from information_schema.columns where table_schema = 'public'"
        )
    finally:
        await owner.close()
    stored = {(row["table_name"], row["column_name"], row["is_nullable"] == "YES") for row in found}
    told = {(table.name, c.name, bool(c.nullable)) for table in Base.metadata.tables.values() for c in table.columns}
    kernel = {table.name for table in tables.metadata.tables.values()} | {"alembic_version"}
    assert {entry for entry in stored if entry[0] not in kernel} == told
