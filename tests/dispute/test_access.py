"""Who sees what: areas, units, restricted cases, reporters; and each wall holds alone."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from tests.dispute.conftest import DISTRICT, HANDLER, Api, Place, at_district, handler

from dispute_svc import queries
from dispute_svc.models import Case, Dispatch, Entry, Objection, Party
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.runtime import Runtime

SCOPED: tuple[Any, ...] = (Case, Dispatch, Objection, Entry, Party)
STRANGERS = [
    Post.SYSTEM_ADMIN,
    Post.SECURITY_ADMIN,
    Post.AUDIT_ADMIN,
    Post.PARTY_BUILDING_GUIDE,
    Post.RESIDENT,
    Post.PARTNER,
]


async def sees(api: Api, who: Actor, case_id: str) -> bool:
    """Whether somebody sees a case, in every way one could."""
    one = (await api.get(who, f"/cases/{case_id}")).status_code
    rows = [row["id"] for row in (await api.get(who, "/cases", limit="100")).json()["items"]]
    assert (one == 200) == (case_id in rows), "the list and the case disagree"
    assert one in (200, 404)
    return one == 200


async def test_everybody_sees_the_cases_of_the_own_area_and_no_others(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    for who in (
        place.worker,
        place.station_head,
        place.street_leader,
        place.arbiter,
        at_district(Post.DISTRICT_LEADER),
    ):
        assert await sees(api, who, case["id"])
    elsewhere = Place()
    for who in (place.neighbour, elsewhere.worker, elsewhere.station_head, elsewhere.street_leader, elsewhere.arbiter):
        assert not await sees(api, who, case["id"])


@pytest.mark.parametrize("post", STRANGERS)
async def test_administrators_guides_and_partners_see_no_case(api: Api, place: Place, post: Post) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    assert not await sees(api, at_district(post), case["id"])


async def test_a_unit_sees_what_it_was_given_and_nothing_else(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    assert await sees(api, HANDLER, case["id"])
    assert not await sees(api, handler("police"), case["id"])
    dispute = await api.settled(place.worker, gridCode=place.grid, category="D02", title="噪声")
    assert await sees(api, place.mediator, dispute["id"])
    assert not await sees(api, Place().mediator, dispute["id"])


async def restricted(api: Api, place: Place, **body: Any) -> dict[str, Any]:
    return await api.settled(place.worker, gridCode=place.grid, category="H03", title="清真食品标识", **body)


async def test_a_restricted_case_is_for_reporter_unit_and_arbiter_only(api: Api, place: Place) -> None:
    case = await restricted(api, place)
    department = handler("ethnic_religious_affairs")
    assert await sees(api, department, case["id"])
    assert await sees(api, place.arbiter, case["id"])
    assert await sees(api, at_district(Post.ARBITER), case["id"])
    for who in (
        place.worker,
        place.neighbour,
        place.station_head,
        place.street_leader,
        at_district(Post.DISTRICT_LEADER),
        place.mediator,
        Place().arbiter,
        handler("police"),
        *(at_district(post) for post in STRANGERS),
    ):
        assert not await sees(api, who, case["id"])
    assert (await api.get(place.worker, f"/my-reports/{case['id']}")).status_code == 200
    assert (await api.get(place.neighbour, f"/my-reports/{case['id']}")).status_code == 404


async def test_a_reporter_can_restrict_any_case(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid, category="D01", title="家庭矛盾", restricted=True)
    assert not await sees(api, place.station_head, case["id"])
    assert await sees(api, place.mediator, case["id"])


async def test_a_restricted_case_is_verified_by_the_arbiter(api: Api, place: Place) -> None:
    case = await restricted(api, place)
    department = handler("ethnic_religious_affairs")
    for verb, body in (("accept", {}), ("handle", {"note": "已核实"})):
        case = await api.case(department, case["id"])
        assert (await api.act(department, case, verb, body)).status_code == 200
    case = await api.case(place.arbiter, case["id"])
    path = f"/cases/{case['id']}/verification"
    assert (await api.post(place.worker, path, {"solved": True}, version=case["version"])).status_code == 404
    assert (await api.post(place.arbiter, path, {"solved": True}, version=case["version"])).status_code == 200


async def test_a_unit_whose_objection_was_right_no_longer_sees_the_case(api: Api, place: Place) -> None:
    case = await api.in_state(place, "objected")
    path = f"/objections/{case['objections'][0]['id']}/decision"
    await api.post(place.arbiter, path, {"rerouteTo": "housing", "note": "改派"}, version=1)
    assert not await sees(api, HANDLER, case["id"])
    assert await sees(api, handler("housing"), case["id"])


async def test_who_reported_is_told_to_those_who_call_back_and_to_no_unit(api: Api, place: Place) -> None:
    reporter = {"name": "王小明", "contact": "12812345678"}
    case = await api.settled(place.neighbour, gridCode=place.grid, reporter=reporter)
    for who in (place.worker, place.station_head, place.arbiter):
        assert (await api.case(who, case["id"]))["reporter"]["name"] == "王小明"
        assert (await api.case(who, case["id"]))["reporter"]["contact"] == "128****5678"
    for who in (HANDLER, place.street_leader, at_district(Post.DISTRICT_LEADER)):
        answer = await api.get(who, f"/cases/{case['id']}")
        assert answer.json()["reporter"] is None
        assert "王小明" not in answer.text
        assert "5678" not in answer.text


async def test_an_anonymous_reporter_is_known_to_the_arbiter_only(api: Api, place: Place) -> None:
    case = await api.settled(place.neighbour, gridCode=place.grid, anonymous=True, reporter={"name": "李雷"})
    for who in (place.worker, place.station_head, HANDLER, place.street_leader):
        told = await api.case(who, case["id"])
        assert (told["reporter"], told["entries"][0]["post"], told["entries"][0]["unit"]) == (None, None, None)
        assert place.neighbour.id not in str(told)
    told = await api.case(place.arbiter, case["id"])
    assert (told["reporter"]["name"], told["entries"][0]["post"]) == ("李雷", "resident_service_officer")


async def test_a_contact_in_clear_needs_a_purpose_and_is_on_record(api: Api, place: Place, runtime: Runtime) -> None:
    case = await api.settled(place.worker, gridCode=place.grid, reporter={"contact": "12812345678"})
    path = f"/cases/{case['id']}/contact-disclosures"
    assert (await api.post(place.worker, path, {})).status_code == 400
    refused = await api.post(HANDLER, path, {"purpose": "想问问"})
    assert (refused.status_code, refused.json()["code"]) == (403, "may-not-know-reporter")
    assert (await api.post(Place().worker, path, {"purpose": "回访"})).status_code == 404
    shown = await api.post(place.worker, path, {"purpose": "回访核实"})
    assert shown.json() == {"contact": "12812345678"}
    async with runtime.system_session() as session:
        found = await session.execute(
            text("select purpose, fields from access_record where actor_id = :who and purpose is not null"),
            {"who": place.worker.id},
        )
        assert [(row.purpose, row.fields) for row in found] == [("回访核实", ["contact"])]


async def test_anybody_reports_anywhere_and_finds_the_own_report_again(api: Api, place: Place) -> None:
    elsewhere = Place()
    partner = Actor(kind="partner", id=str(uuid4()), grants=(Grant(post=Post.PARTNER, area=DISTRICT),))
    for who in (elsewhere.worker, elsewhere.guide, HANDLER, partner, at_district(Post.AUDIT_ADMIN)):
        case = await api.settled(who, gridCode=place.grid)
        own = (await api.get(who, "/my-reports")).json()["items"]
        assert case["id"] in [row["id"] for row in own]
        assert await sees(api, place.worker, case["id"])
    assert (await api.get(elsewhere.worker, f"/cases/{case['id']}")).status_code == 404


async def test_nobody_reads_the_reports_of_somebody_of_another_kind_with_the_same_id(api: Api, place: Place) -> None:
    case = await api.settled(place.worker, gridCode=place.grid)
    twin = Actor(kind="partner", id=place.worker.id, grants=())
    assert (await api.get(twin, "/my-reports")).json()["items"] == []
    assert (await api.get(twin, f"/my-reports/{case['id']}")).status_code == 404


async def parts_of_everything(api: Api, place: Place) -> str:
    case = await api.settled(place.worker, gridCode=place.grid, reporter={"name": "王小明"})
    await api.act(HANDLER, case, "object", {"reason": "other"})
    return str(case["id"])


def about(model: Any, case_id: str) -> Any:
    key: Any = model.id if model is Case else model.case_id
    return select(model.id).where(key == UUID(case_id))


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__tablename__)
async def test_the_database_alone_keeps_areas_apart(api: Api, place: Place, runtime: Runtime, model: Any) -> None:
    case_id = await parts_of_everything(api, place)
    assert await runtime.reads(place.worker).fetch(about(model, case_id))
    for who in (place.neighbour, Place().station_head, place.guide, at_district(Post.SYSTEM_ADMIN)):
        assert await runtime.reads(who).fetch(about(model, case_id)) == []


async def test_the_rule_of_the_service_alone_keeps_areas_apart(api: Api, place: Place, runtime: Runtime) -> None:
    case_id = UUID(await parts_of_everything(api, place))
    beyond = runtime.system_reads()
    assert await beyond.fetch_one(queries.seen(case_id, place.worker))
    for who in (place.neighbour, Place().station_head, place.guide, handler("police"), at_district(Post.SYSTEM_ADMIN)):
        assert await beyond.fetch_one(queries.seen(case_id, who)) is None


@pytest.mark.parametrize("model", SCOPED, ids=lambda model: model.__tablename__)
async def test_a_connection_that_was_used_before_shows_nothing_without_a_scope(
    api: Api, place: Place, runtime: Runtime, model: Any
) -> None:
    case_id = await parts_of_everything(api, place)
    async with runtime.engine.connect() as connection:
        scope = text("select set_config('app.scope', :scope, true)")
        await connection.execute(scope, {"scope": place.grid})
        assert (await connection.execute(about(model, case_id))).all()
        await connection.rollback()
        assert (await connection.execute(about(model, case_id))).all() == []
        await connection.execute(scope, {"scope": ""})
        assert (await connection.execute(about(model, case_id))).all() == []


@pytest.mark.parametrize("statement", ["update case_entry set kind = 'closed'", "delete from case_entry"])
async def test_the_timeline_cannot_be_rewritten_by_anybody(
    api: Api, place: Place, runtime: Runtime, statement: str
) -> None:
    case_id = await parts_of_everything(api, place)
    with pytest.raises(Exception, match="never changed"):
        async with runtime.system_session() as session:
            await session.execute(text(f"{statement} where case_id = '{case_id}'"))


async def test_words_and_names_are_stored_encrypted(api: Api, place: Place, runtime: Runtime) -> None:
    body = {"title": "漏水的三楼", "description": "住户说", "reporter": {"name": "王小明", "contact": "12812345678"}}
    case = await api.settled(place.worker, gridCode=place.grid, **body)
    async with runtime.system_session() as session:
        for row in (
            "gov_case::text from gov_case where id",
            "case_party::text from case_party where case_id",
            "case_entry::text from case_entry where case_id",
        ):
            rows = await session.execute(text(f"select {row} = :case"), {"case": UUID(case["id"])})
            stored = "".join(str(row[0]) for row in rows)
            plain = [word for word in ("漏水", "住户", "王小明", "12812345678") if word in stored]
            hexed = [word for word in ("漏水", "住户", "王小明") if word.encode().hex() in stored]
            assert (plain, hexed) == ([], [])
