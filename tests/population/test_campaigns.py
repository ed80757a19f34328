"""A campaign asks only what nobody knew, on visits that are made anyway, and its form is gone on its last day."""

import io
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import Api, Place, person, refused

from grid_kernel import clock
from grid_kernel.auth import Post
from grid_kernel.clock import SHANGHAI, today
from grid_kernel.errors import InvalidInput
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc import commands, rules
from population_svc.commands import forgetting
from population_svc.spreadsheets import open_table

DAY = today(clock.now())
HOSE = {"name": "燃气软管", "code": "gas_hose", "kind": "choice", "options": ["完好", "老化"], "required": True}
ALARM = {"name": "装有燃气报警器", "code": "gas_alarm", "kind": "yes_no"}
FIELDS: list[dict[str, Any]] = [{"name": "户主姓名"}, {"name": "地址"}, HOSE, ALARM]


class Town:
    """A place with a form in use and some homes."""

    def __init__(self, api: Api, runtime: Runtime, place: Place) -> None:
        self.api, self.runtime, self.place = api, runtime, place

    async def form(self, **more: Any) -> str:
        """A form that was approved."""
        asked = {"areaCode": self.place.community, "name": "燃气排查表", "subject": "household", "fields": FIELDS}
        asked |= {"owner": "station-1", "reason": "入冬前", "basis": "城镇燃气管理条例", "endsOn": "2099-12-31"}
        form = (await self.api.post(self.place.head, "/forms", asked | more)).json()
        path = f"/forms/{form['id']}/decision"
        decided = await self.api.post(self.place.leader, path, {"approved": True}, version=1)
        assert decided.status_code == 200, decided.text
        return str(form["id"])

    async def asked(self, **more: Any) -> dict[str, Any]:
        """A campaign as a form sends one."""
        given = {"areaCode": self.place.community, "kind": "gas", "name": "燃气排查", "owner": "station-1"}
        given |= {
            "basis": "市安委办通知",
            "startsOn": DAY.isoformat(),
            "endsOn": (DAY + timedelta(days=20)).isoformat(),
        }
        return {"formId": more.pop("formId", None) or await self.form()} | given | more

    async def campaign(self, **more: Any) -> dict[str, Any]:
        """A campaign that runs."""
        answer = await self.api.post(self.place.head, "/campaigns", await self.asked(**more))
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def home(self, *persons: dict[str, Any], **more: Any) -> dict[str, Any]:
        return await self.api.registered(self.place.head, self.place.household(*persons, **more))

    async def answered(self, campaign: dict[str, Any], home: dict[str, Any], **more: Any) -> Any:
        said = {"targetId": home["id"], "answers": {"gas_hose": "老化"}} | more
        return await self.api.post(self.place.worker, f"/campaigns/{campaign['id']}/answers", said)

    async def pack(self) -> dict[str, Any]:
        return dict((await self.api.get(self.place.worker, f"/packs/{self.place.grid}")).json())

    async def over(self, campaign: dict[str, Any]) -> None:
        """Let its last day have been yesterday."""
        async with self.runtime.system_session() as session:
            last = {"day": DAY - timedelta(days=1), "id": campaign["id"]}
            await session.execute(text("update campaign set starts_on = :day, ends_on = :day where id = :id"), last)


@pytest.fixture
def town(api: Api, runtime: Runtime, place: Place) -> Town:
    return Town(api, runtime, place)


async def test_a_campaign_joins_the_list_of_the_day_and_the_phone_carries_its_form(town: Town) -> None:
    home, _ = await town.home(), await town.home(building=town.place.other_building)
    campaign = await town.campaign()
    assert (campaign["state"], campaign["members"], campaign["answered"]) == ("running", 2, 0)
    pack = await town.pack()
    (packed,) = pack["campaigns"]
    assert (packed["id"], packed["kind"], packed["basis"]) == (campaign["id"], "gas", "市安委办通知")
    assert packed["targets"] == [
        {
            "targetId": home["id"],
            "label": None,
            "known": {"head_name": "王小明", "address": home["dwelling"]["address"]},
            "answeredAt": None,
        }
    ]
    schema = packed["formSchema"]
    assert (schema["required"], schema["properties"]["gas_hose"]["enum"]) == (["gas_hose"], ["完好", "老化"])
    assert schema["properties"]["head_name"]["readOnly"]
    assert [(line["householdId"], line["reasons"]) for line in pack["plan"]] == [
        (home["id"], ["not_reached", "campaign"])
    ]


async def test_an_answer_is_kept_once_and_the_home_is_asked_no_more(town: Town) -> None:
    home = await town.home()
    campaign = await town.campaign()
    identifier = str(uuid4())
    for _ in range(2):
        kept = await town.answered(campaign, home, id=identifier)
        assert (kept.status_code, kept.json()["id"]) == (201, identifier)
    pack = await town.pack()
    assert pack["campaigns"][0]["targets"][0]["known"] == {}
    assert [line["reasons"] for line in pack["plan"]] == [["not_reached"]]
    seen = (await town.api.get(town.place.leader, f"/campaigns/{campaign['id']}")).json()
    assert seen["grids"] == [{"areaCode": town.place.grid, "members": 1, "answered": 1}]
    async with town.runtime.system_session() as session:
        stored = await session.scalar(text("select answers from campaign_answer where id = :id"), {"id": identifier})
    assert "老化".encode() not in stored


async def test_a_phone_brings_answers_with_its_other_work_each_once(town: Town) -> None:
    home = await town.home()
    campaign = await town.campaign()
    body = {"campaignId": campaign["id"], "targetId": home["id"], "answers": {"gas_hose": "完好", "gas_alarm": True}}
    operation = {"id": str(uuid4()), "kind": "campaign.answer", "at": clock.now().isoformat(), "body": body}
    wrong = {**operation, "id": str(uuid4()), "body": {**body, "answers": {"gas_hose": "看着还行"}}}
    sent = await town.api.post(town.place.worker, "/sync", {"operations": [operation, wrong, operation]})
    results = sent.json()["results"]
    assert [result["result"] for result in results] == ["created", "rejected", "duplicate"]
    assert results[1]["errors"][0]["pointer"] == "/answers/gas_hose"
    assert (await town.pack())["campaigns"][0]["targets"][0]["answeredAt"] is not None


async def test_its_form_disappears_at_its_end_but_what_was_given_in_time_is_taken(town: Town) -> None:
    home, other = await town.home(), await town.home()
    campaign = await town.campaign()
    await town.over(campaign)
    assert (await town.pack())["campaigns"] == []
    refused(await town.answered(campaign, home), 409, "campaign-ended")
    path = f"/campaigns/{campaign['id']}/targets?area={town.place.grid}"
    refused(await town.api.get(town.place.worker, path), 409, "campaign-ended")
    async with town.runtime.system_session() as session:
        assert await commands.turn_campaigns(session, now=clock.now()) >= 1
    late = datetime.combine(DAY - timedelta(days=1), datetime.min.time(), SHANGHAI) + timedelta(hours=9)
    kept = await town.answered(campaign, other, answeredAt=late.isoformat())
    assert kept.status_code == 201
    assert (await town.api.get(town.place.head, f"/campaigns/{campaign['id']}")).json()["state"] == "ended"


async def test_whoever_runs_it_may_end_it_early_and_has_the_filled_form_afterwards(town: Town) -> None:
    home = await town.home()
    campaign = await town.campaign()
    await town.answered(campaign, home, answers={"gas_hose": "老化", "gas_alarm": False})
    path = f"/campaigns/{campaign['id']}"
    refused(await town.api.post(town.place.worker, f"{path}/end", None, version=campaign["version"]), 403)
    refused(await town.api.post(town.place.head, f"{path}/end", None, version=99), 412)
    ended = await town.api.post(town.place.head, f"{path}/end", None, version=campaign["version"])
    assert ended.json()["state"] == "ended"
    refused(await town.api.post(town.place.head, f"{path}/end", None, version=ended.json()["version"]), 409)
    assert (await town.pack())["campaigns"] == []
    headers = town.api.headers(town.place.head)
    file = await town.api.client.get(f"/v1{path}/workbook?area={town.place.community}", headers=headers)
    rows = [cells for _, cells in open_table(io.BytesIO(file.content)).rows]
    assert [row[:4] for row in rows[1:]] == [
        ["户主姓名", "地址", "燃气软管", "装有燃气报警器"],
        ["王小明", home["dwelling"]["address"], "老化", "否"],
    ]
    refused(await town.api.get(town.place.worker, f"{path}/workbook?area={town.place.grid}"), 403)


async def test_the_selection_is_kept_and_the_homes_are_those_of_the_first_day(town: Town) -> None:
    rented = await town.home(dwelling=town.place.dwelling() | {"use": "02"})
    await town.home()
    campaign = await town.campaign(selection={"dwellingUses": ["02"], "buildingIds": [str(town.place.building)]})
    assert (campaign["members"], campaign["selection"]["dwelling_uses"]) == (1, ["02"])
    await town.home(dwelling=town.place.dwelling() | {"use": "02"})
    path = f"/campaigns/{campaign['id']}/targets?area={town.place.grid}"
    targets = (await town.api.get(town.place.worker, path)).json()["items"]
    assert [target["targetId"] for target in targets] == [rented["id"]]
    nobody = await town.asked(selection={"ids": [str(uuid4())]})
    refused(await town.api.post(town.place.head, "/campaigns", nobody), 400, "nobody-selected")


async def test_places_are_asked_about_whether_somebody_lives_there_or_not(town: Town) -> None:
    home = await town.home()
    fields = [{"name": "地址"}, {"name": "房屋用途"}, HOSE]
    campaign = await town.campaign(formId=await town.form(subject="dwelling", fields=fields))
    pack = await town.pack()
    (target,) = pack["campaigns"][0]["targets"]
    assert target["targetId"] == home["dwelling"]["id"]
    assert target["known"] == {"address": home["dwelling"]["address"], "dwelling_use": "自住"}
    assert "campaign" in pack["plan"][0]["reasons"]
    assert (await town.answered(campaign, home["dwelling"])).status_code == 201


async def test_a_campaign_for_later_begins_on_its_day(town: Town) -> None:
    home = await town.home()
    tomorrow = (DAY + timedelta(days=1)).isoformat()
    campaign = await town.campaign(startsOn=tomorrow)
    assert (campaign["state"], campaign["members"]) == ("planned", 0)
    assert (await town.pack())["campaigns"] == []
    refused(await town.answered(campaign, home), 409, "campaign-not-begun")
    async with town.runtime.system_session() as session:
        await commands.turn_campaigns(session, now=clock.now() + timedelta(days=1))
    began = (await town.api.get(town.place.head, f"/campaigns/{campaign['id']}")).json()
    assert (began["state"], began["members"]) == ("running", 1)


async def test_who_runs_campaigns_and_who_answers_them(town: Town) -> None:
    home, place = await town.home(), town.place
    asked = await town.asked()
    for who, status in ((None, 401), (place.worker, 403), (place.clerk, 403), (place.guide, 403)):
        refused(await town.api.post(who, "/campaigns", asked), status)
    stranger = actor(Post.STATION_HEAD, f"{place.street}009")
    refused(await town.api.post(stranger, "/campaigns", asked), 404)
    campaign = await town.campaign()
    refused(await town.api.get(stranger, f"/campaigns/{campaign['id']}"), 404)
    assert (await town.api.get(stranger, "/campaigns")).json()["items"] == []
    said = {"targetId": home["id"], "answers": {"gas_hose": "完好"}}
    path = f"/campaigns/{campaign['id']}/answers"
    refused(await town.api.post(place.neighbour, path, said), 404)
    refused(await town.api.post(place.leader, path, said), 403)
    refused(await town.answered(campaign, {"id": str(uuid4())}), 404)
    seen = (await town.api.get(place.neighbour, f"/campaigns/{campaign['id']}")).json()
    assert seen["grids"] == []


async def test_what_does_not_fit_is_named(town: Town) -> None:
    home = await town.home()
    campaign = await town.campaign()
    for answers, pointer in (
        ({}, "/answers/gas_hose"),
        ({"gas_hose": "完好", "gas_alarm": "有"}, "/answers/gas_alarm"),
        ({"gas_hose": "完好", "head_name": "别人"}, "/answers/head_name"),
        ({"gas_hose": ["完好"]}, "/answers/gas_hose"),
    ):
        refused(await town.answered(campaign, home, answers=answers), 400, "invalid-input", pointer)
    later = (clock.now() + timedelta(hours=1)).isoformat()
    refused(await town.answered(campaign, home, answeredAt=later), 400, "invalid-input", "/answeredAt")
    for more, pointer in (
        ({"endsOn": "2020-01-01"}, "/endsOn"),
        ({"kind": "ethnic"}, "/kind"),
        ({"formId": await town.form(subject="person", fields=[{"name": "姓名"}])}, "/formId"),
        ({"selection": {"dwellingUses": ["77"]}}, "/selection/dwellingUses/0"),
    ):
        asked = await town.asked(**more)
        refused(await town.api.post(town.place.head, "/campaigns", asked), 400, "invalid-input", pointer)


async def test_answers_are_forgotten_a_year_later_and_the_figures_stay(town: Town) -> None:
    home = await town.home(person())
    campaign = await town.campaign()
    await town.answered(campaign, home)
    async with town.runtime.system_session() as session:
        now = clock.now() + timedelta(days=366)
        await forgetting.FORGETS["campaign_answer"](session, now - forgetting.retention()["campaign_answer"])
        kept = text("select count(*) from campaign_answer where campaign_id = :id")
        assert await session.scalar(kept, {"id": UUID(campaign["id"])}) == 0


def test_dates_of_a_campaign_lie_within_those_of_its_form() -> None:
    with pytest.raises(InvalidInput):
        rules.check_dates(DAY, DAY + timedelta(days=10), DAY + timedelta(days=5), DAY)
    rules.check_dates(DAY, DAY + timedelta(days=5), date(2099, 1, 1), DAY)
