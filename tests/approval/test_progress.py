"""What whoever holds the receipt is told: where it stands, who does what until when, and never a name."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from tests.approval.conftest import CANARIES, WAYS, Api, Desk, Place

from approval_svc import commands, rules
from grid_kernel import clock
from grid_kernel.runtime import Runtime

SENTENCES = {
    "submitted": "社区窗口会在{day}前看完材料。",
    "correction_required": "请您在{day}前把缺的材料补齐，一次补齐就不用再跑。",
    "pre_review_refused": "没有通过预审",
    "pre_reviewed": "社区窗口会把材料交给承办部门。",
    "forwarded": "承办部门会在{day}前告知是否受理。",
    "accepted": "承办部门正在办理，最晚{day}办完。",
    "not_accepted": "承办部门没有受理",
    "suspended": "这段时间不计入办理时限。",
    "approved": "结果已出，会在{day}前送达或通知领取。",
    "denied": "承办部门没有批准",
    "completed": "已经办完。请对这次办理作出评价。",
    "withdrawn": "申请已经撤回",
}


@pytest.mark.parametrize("state", WAYS)
async def test_the_next_step_says_who_does_what_until_when(own_desk: Desk, state: str) -> None:
    await own_desk.submit()
    await own_desk.to(state)
    answer = await own_desk.look_up()
    told = answer.json()
    day = ""
    if told["dueAt"]:
        _, month, number = told["dueAt"][:10].split("-")
        day = f"{int(month)}月{int(number)}日"
    assert SENTENCES[state].format(day=day) in told["nextStep"]
    assert told["itemName"] == "最低生活保障申请"
    assert told["overdue"] is False
    assert told["mayRate"] is (state == "completed")
    for name in (*CANARIES, "civil_affairs", own_desk.place.clerk.id):
        assert str(name) not in answer.text


@pytest.mark.parametrize("state", WAYS)
async def test_everything_is_said_in_english_too(own_desk: Desk, state: str) -> None:
    await own_desk.submit()
    await own_desk.to(state)
    receipt = {name: own_desk.known[name] for name in ("receiptNumber", "queryCode")}
    answer = await own_desk.api.client.post("/v1/progress", json=receipt, headers={"Accept-Language": "en"})
    told = answer.json()
    said = [told["stateText"], told["nextStep"], told["dueText"] or "", *(step["text"] for step in told["steps"])]
    assert all(text.isascii() for text in said), said


async def test_an_item_without_a_published_limit_promises_no_day(own_desk: Desk) -> None:
    await own_desk.submit(itemCode="SA003")
    await own_desk.to("accepted")
    told = (await own_desk.look_up()).json()
    assert told["dueAt"] is None
    assert told["nextStep"] == "承办部门正在办理。这个事项没有公布办理期限，可以打电话到社区服务站询问。"


async def test_what_is_late_says_so_and_what_to_do(own_desk: Desk, runtime: Runtime) -> None:
    await own_desk.submit()
    await own_desk.to("accepted")
    query = text("update application set due_at = due_at - interval '90 days' where id = cast(:id as uuid)")
    async with runtime.system_session() as session:
        await session.execute(query, {"id": own_desk.known["id"]})
    told = (await own_desk.look_up()).json()
    assert told["overdue"] is True
    assert "催问" in told["nextStep"]


async def test_the_reason_of_a_second_list_is_shown_to_the_resident(own_desk: Desk) -> None:
    await own_desk.submit()
    place = own_desk.place
    await own_desk.act("correction-notice", place.clerk, {"deficiencies": ["收入证明"]})
    await own_desk.act("correction", place.clerk, {"materials": []})
    again = {"deficiencies": ["户口本"], "reason": "第一次核对时漏看了户口本，向您道歉"}
    assert (await own_desk.act("correction-notice", place.head, again)).status_code == 200
    told = (await own_desk.look_up()).json()
    assert told["deficiencies"] == ["户口本"]
    assert told["steps"][-1]["reason"] == again["reason"]


async def test_what_was_typed_with_spaces_is_found(own_desk: Desk) -> None:
    await own_desk.submit()
    number = own_desk.known["receiptNumber"]
    assert (await own_desk.look_up(receiptNumber=f"{number[:6]} {number[6:14]}-{number[14:]}")).status_code == 200


async def test_twenty_guesses_at_once_are_counted_one_by_one(own_desk: Desk) -> None:
    await own_desk.submit()
    answers = await asyncio.gather(*(own_desk.look_up(queryCode="ABCDEFGH") for _ in range(20)))
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [404] * rules.LOCK_AFTER + [429] * (20 - rules.LOCK_AFTER)


async def test_a_number_nobody_has_is_locked_like_any_other(api: Api) -> None:
    unknown = {"receiptNumber": "150204202001010000028", "queryCode": "ABCDEFGH"}
    answers = [await api.client.post("/v1/progress", json=unknown) for _ in range(rules.LOCK_AFTER + 1)]
    assert [answer.status_code for answer in answers] == [404] * rules.LOCK_AFTER + [429]


@pytest.mark.parametrize("typed", ["15029919470218876X", "12873645190", "张三", "1" * 22, "１" * 21])
async def test_what_can_be_no_receipt_number_is_not_found_and_not_kept(api: Api, runtime: Runtime, typed: str) -> None:
    asked = {"receiptNumber": typed, "queryCode": "ABCDEFGH"}
    answers = [await api.client.post("/v1/progress", json=asked) for _ in range(rules.LOCK_AFTER + 1)]
    assert {answer.json()["code"] for answer in answers} == {"progress-not-found"}
    count = text("select count(*) from progress_lock where receipt_number = :number")
    async with runtime.system_session() as session:
        assert await session.scalar(count, {"number": typed}) == 0


async def test_old_wrong_codes_do_not_count_and_are_forgotten(own_desk: Desk, runtime: Runtime) -> None:
    await own_desk.submit()
    number = own_desk.known["receiptNumber"]
    for _ in range(rules.LOCK_AFTER - 1):
        await own_desk.look_up(queryCode="ABCDEFGH")
    older = text("update progress_lock set tried_at = tried_at - interval '16 minutes' where receipt_number = :number")
    async with runtime.system_session() as session:
        await session.execute(older, {"number": number})
    assert (await own_desk.look_up(queryCode="ABCDEFGH")).status_code == 404
    assert (await own_desk.look_up()).status_code == 200
    await commands.forget_tries(runtime, clock.now() + timedelta(hours=1))
    count = text("select count(*) from progress_lock where receipt_number = :number")
    async with runtime.system_session() as session:
        assert await session.scalar(count, {"number": number}) == 0


async def test_a_rating_is_given_once_however_often_it_is_sent(own_desk: Desk) -> None:
    await own_desk.submit()
    await own_desk.to("completed")
    receipt = {name: own_desk.known[name] for name in ("receiptNumber", "queryCode")}
    rate = [own_desk.api.client.post("/v1/progress/rating", json=receipt | {"grade": n}) for n in (1, 2, 3, 4, 5)]
    codes = sorted(answer.status_code for answer in await asyncio.gather(*rate))
    assert codes == [200, 409, 409, 409, 409]
    assert (await own_desk.read()).json()["grade"] in range(1, 6)


@pytest.mark.parametrize("grade", [0, 6, "good", None])
async def test_only_the_five_grades_are_taken(own_desk: Desk, grade: object) -> None:
    await own_desk.submit()
    receipt = {name: own_desk.known[name] for name in ("receiptNumber", "queryCode")}
    answer = await own_desk.api.client.post("/v1/progress/rating", json=receipt | {"grade": grade})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/grade")


async def test_what_is_not_completed_is_not_rated(own_desk: Desk) -> None:
    await own_desk.submit()
    receipt = {name: own_desk.known[name] for name in ("receiptNumber", "queryCode")}
    answer = await own_desk.api.client.post("/v1/progress/rating", json=receipt | {"grade": 1})
    assert (answer.status_code, answer.json()["code"]) == (409, "application-move-not-allowed")


async def test_a_grid_worker_gets_the_same_receipt_for_a_resident_at_home(api: Api, place: Place) -> None:
    desk = Desk(api, place)
    await desk.submit(who=place.worker, areaCode=place.grid, channel="proxy")
    assert (await desk.look_up()).json()["state"] == "submitted"
