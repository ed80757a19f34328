"""What an application offers whoever reads it is accepted, what it does not offer is refused."""

import hashlib
from datetime import date
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import nats
import pytest
from PIL import Image
from tests.approval.conftest import APPLICANT, CIVIL, WAYS, Api, Desk, Place, Population, handler

from approval_svc.rules import CHECKS, Verb
from grid_deploy.engines import Engines
from grid_kernel.auth import Actor
from grid_kernel.contracts.population import FACTS, AskFacts

ROUTES: dict[Verb, tuple[str, dict[str, Any] | None]] = {
    Verb.PASS_PRE_REVIEW: ("pre-review", {"passed": True}),
    Verb.REFUSE_PRE_REVIEW: ("pre-review", {"passed": False, "reason": "不属于本站"}),
    Verb.REQUIRE_CORRECTION: ("correction-notice", {"deficiencies": ["缺户口簿"]}),
    Verb.CORRECT: ("correction", {"materials": []}),
    Verb.FORWARD: ("forward", None),
    Verb.ACCEPT: ("acceptance", {"accepted": True}),
    Verb.REFUSE_ACCEPTANCE: ("acceptance", {"accepted": False, "reason": "不符合"}),
    Verb.SUSPEND: ("suspension", {"procedure": "hearing"}),
    Verb.RESUME: ("resumption", None),
    Verb.APPROVE: ("decision", {"approved": True}),
    Verb.DENY: ("decision", {"approved": False, "reason": "不符合"}),
    Verb.COMPLETE: ("completion", None),
    Verb.WITHDRAW: ("withdrawal", {"reason": "不办了"}),
}


def people(desk: Desk) -> list[Actor]:
    place = desk.place
    return [place.clerk, place.head, place.worker, place.neighbour, place.street_leader, CIVIL, handler("housing")]


async def offered(desk: Desk, who: Actor) -> list[str]:
    answer = await desk.read(who)
    return [each["action"] for each in answer.json()["actions"]] if answer.status_code == 200 else []


@pytest.mark.parametrize("state", WAYS)
async def test_what_is_not_offered_is_refused_and_what_is_offered_is_accepted(desk: Desk, state: str) -> None:
    assert set(ROUTES) == set(CHECKS)
    await desk.submit()
    await desk.to(state)
    takers: dict[str, Actor] = {}
    for who in people(desk):
        found = await offered(desk, who)
        takers |= {verb: takers.get(verb, who) for verb in found}
        for verb, (path, body) in ROUTES.items():
            if verb in found:
                answer = await desk.act(path, who, body, **{"If-Match": '"99"'})
                assert answer.status_code == 412, (verb, answer.text)
            else:
                answer = await desk.act(path, who, body)
                assert answer.status_code in (403, 404, 409), (verb, answer.text)
    for verb, who in takers.items():
        await desk.submit()
        await desk.to(state)
        path, body = ROUTES[Verb(verb)]
        answer = await desk.act(path, who, body)
        assert answer.status_code == 200, (verb, answer.text)


async def test_the_usual_step_is_offered_first(desk: Desk) -> None:
    await desk.submit()
    assert (await offered(desk, desk.place.clerk))[0] == "pass_pre_review"
    await desk.to("forwarded")
    assert (await offered(desk, CIVIL))[0] == "accept"
    assert await offered(desk, desk.place.street_leader) == []


async def test_the_weeks_count_what_came_in_and_what_ended(api: Api, place: Place) -> None:
    desk = Desk(api, place)
    await desk.submit()
    await desk.submit()
    await desk.act("withdrawal", place.clerk, {"reason": "不办了"})
    told = (await api.get(place.head, "/figures/weeks", area=place.community)).json()
    counts = [(each["submitted"]["count"], each["ended"]["count"]) for each in told["weeks"]]
    assert counts == [(0, 0)] * 4 + [(2, 1)]
    for figure in (each[name] for each in told["weeks"] for name in ("submitted", "ended")):
        path, _, asked = figure["rows"].partition("?")
        rows = (await api.get(place.head, path, **dict(parse_qsl(asked)))).json()["items"]
        assert len(rows) == figure["count"]
    assert {date.fromisoformat(each["week"]).weekday() for each in told["weeks"]} == {0}
    other = (await api.get(Place().head, "/figures/weeks", area=place.community)).json()
    assert {each["submitted"]["count"] for each in other["weeks"]} == {0}


async def test_an_application_is_found_by_its_receipt_number_or_the_end_of_it(api: Api, desk: Desk) -> None:
    number = (await desk.submit())["receiptNumber"]
    for typed in (number, number[-6:]):
        found = (await api.get(desk.place.clerk, "/applications", receipt=typed)).json()["items"]
        assert number in [each["receiptNumber"] for each in found]
    assert (await api.get(Place().clerk, "/applications", receipt=number)).json()["items"] == []
    assert (await api.get(desk.place.clerk, "/applications", receipt="12a4")).status_code == 400


async def test_a_scan_is_read_through_the_application_that_names_it(api: Api, desk: Desk) -> None:
    buffer = BytesIO()
    Image.effect_noise((16, 16), 50).save(buffer, "PNG")
    sha256 = hashlib.sha256(buffer.getvalue()).hexdigest()
    headers = api.tokens.headers(desk.place.clerk)
    kept = await api.client.put(f"/v1/attachments/{sha256}", content=buffer.getvalue(), headers=headers)
    assert kept.status_code == 200, kept.text
    await desk.submit(materials=[{"seq": 1, "attachments": [sha256]}])
    path = f"/applications/{desk.known['id']}/attachments/{sha256}"
    assert (await api.get(desk.place.clerk, path)).content.startswith(b"\x89PNG")
    assert (await api.get(Place().clerk, path)).status_code == 404
    assert (await api.get(desk.place.clerk, path.replace(sha256, "0" * 64))).status_code == 404


async def test_the_register_tells_what_nobody_has_to_be_asked_for_a_purpose(
    desk: Desk, population: Population, engines: Engines
) -> None:
    population.persons[APPLICANT["idNumber"]] = uuid4()
    async with population.answering():
        await desk.submit()
        while (await desk.read()).json()["applicant"]["link"] == "waiting":
            pass
    connection = await nats.connect(engines.nats_url_of("population"))
    asked: list[AskFacts] = []

    async def tell(message: Any) -> None:
        asked.append(AskFacts.model_validate_json(message.data))
        values = '{"lives_here":true,"registered_here":false,"household_size":3,"age":76,"months_lived_here":40}'
        person = asked[-1].person_id
        await message.respond(f'{{"ok":{{"personId":"{person}","values":{values}}}}}'.encode())

    path = f"/applications/{desk.known['id']}/facts"
    away = await desk.api.post(desk.place.clerk, path, {"purpose": "预审核对"})
    assert (away.status_code, away.json()["code"]) == (503, "unavailable")
    subscription = await connection.subscribe(FACTS.subject, cb=tell)
    await connection.flush()
    told = await desk.api.post(desk.place.clerk, path, {"purpose": "预审核对"})
    await subscription.unsubscribe()
    await connection.close()
    assert told.json() == {
        "known": True,
        "livesHere": True,
        "registeredHere": False,
        "householdSize": 3,
        "age": 76,
        "monthsLivedHere": 40,
    }
    assert asked[0].purpose == "预审核对"
    assert "consented_care_reasons" not in asked[0].facts
    assert (await desk.api.post(desk.place.clerk, path, {})).status_code == 400


async def test_who_is_not_registered_has_no_facts(desk: Desk, population: Population) -> None:
    population.persons.clear()
    async with population.answering():
        await desk.submit()
        while (await desk.read()).json()["applicant"]["link"] == "waiting":
            pass
    told = await desk.api.post(desk.place.clerk, f"/applications/{desk.known['id']}/facts", {"purpose": "预审核对"})
    assert (told.status_code, told.json()["known"]) == (200, False)
