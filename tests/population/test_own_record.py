"""A person's own view: opened at the window, shows who looked, and is answered when it asks."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from tests.population.conftest import DISTRICT, Api, Place, person, refused

from grid_kernel import clock, tables
from grid_kernel.auth import Actor, Post
from grid_kernel.codes import read_table
from grid_kernel.runtime import Runtime
from grid_kernel.testing import actor
from population_svc import commands
from population_svc.commands import FORGETS, retention
from population_svc.models import Base

TODAY = clock.today(clock.now())


def window(place: Place) -> Actor:
    """A clerk on window duty."""
    return actor(Post.WINDOW_CLERK, place.community, duty="window")


async def code_for(api: Api, place: Place, whom: dict[str, Any]) -> str:
    """The code the window hands to somebody."""
    answer = await api.post(window(place), "/own-codes", {"idNumber": whom["idNumber"]})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["code"])


async def secret_of(api: Api, place: Place, whom: dict[str, Any]) -> str:
    """The pass of somebody's own record."""
    opening = {"code": await code_for(api, place, whom), "birthDate": whom["birthDate"]}
    answer = await api.post(None, "/own-record/openings", opening)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["secret"])


async def own(api: Api, secret: str) -> dict[str, Any]:
    """The own record."""
    answer = await api.post(None, "/own-record", {"secret": secret})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def asked(api: Api, secret: str, kind: str, words: str | None = None) -> dict[str, Any]:
    """The latest request after another was made."""
    answer = await api.post(None, "/own-record/requests", {"secret": secret, "kind": kind, "words": words})
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["requests"][0])


async def test_the_code_of_the_window_opens_once_and_for_half_an_hour(api: Api, place: Place, runtime: Runtime) -> None:
    born = person("李四")
    await api.registered(place.worker, place.household(born))
    for who, status in ((None, 401), (place.worker, 403), (place.clerk, 403), (place.head, 403)):
        refused(await api.post(who, "/own-codes", {"idNumber": born["idNumber"]}), status)
    refused(await api.post(window(place), "/own-codes", {"idNumber": person()["idNumber"]}), 400, None, "/idNumber")
    code = await code_for(api, place, born)
    opening = {"code": f" {code[:4].lower()} {code[4:]}", "birthDate": born["birthDate"]}
    opened = await api.post(None, "/own-record/openings", opening)
    assert opened.status_code == 200, opened.text
    refused(await api.post(None, "/own-record/openings", opening), 404, "own-code-unknown")
    seen = await own(api, opened.json()["secret"])
    assert (seen["name"], seen["phone"], seen["idNumber"]) == (
        "李四",
        born["phone"],
        "150*************" + born["idNumber"][-2:],
    )
    async with runtime.system_session() as session:
        await session.execute(text("update own_access set closes_at = now() where closes_at is not null"))
    refused(await api.post(None, "/own-record", {"secret": opened.json()["secret"]}), 404, "own-record-closed")
    late = await code_for(api, place, born)
    async with runtime.system_session() as session:
        await session.execute(text("update own_access set expires_at = now() where pass_index is null"))
    refused(await api.post(None, "/own-record/openings", opening | {"code": late}), 404, "own-code-unknown")


async def test_five_wrong_dates_spend_a_code(api: Api, place: Place) -> None:
    born = person()
    await api.registered(place.worker, place.household(born))
    code = await code_for(api, place, born)
    for _ in range(5):
        wrong = {"code": code, "birthDate": "1981-01-01"}
        refused(await api.post(None, "/own-record/openings", wrong), 404, "own-code-unknown")
    right = {"code": code, "birthDate": born["birthDate"]}
    refused(await api.post(None, "/own-record/openings", right), 429, "own-code-locked")


async def test_the_code_and_the_pass_are_stored_as_hashes(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    await api.registered(place.worker, place.household(born))
    code = await code_for(api, place, born)
    opening = {"code": code, "birthDate": born["birthDate"]}
    secret = (await api.post(None, "/own-record/openings", opening)).json()["secret"]
    async with runtime.system_session() as session:
        rows = (await session.execute(text("select own_access::text from own_access"))).scalars().all()
    assert not [row for row in rows if code in row or secret in row or code.encode().hex() in row]


async def test_a_person_sees_who_looked_and_never_a_name(api: Api, place: Place) -> None:
    born = person("李四")
    home = await api.registered(place.worker, place.household(born, person("王二", relation="12", sex="9")))
    mine, other = (each["id"] for each in home["persons"])
    for _ in range(3):
        await api.get(place.worker, f"/persons/{mine}")
    await api.get(place.worker, f"/persons/{other}")
    await api.post(place.worker, f"/persons/{mine}/reveal", {"field": "phone", "purpose": "arranging_visit"})
    await api.post(place.worker, f"/persons/{other}/reveal", {"field": "id_number", "purpose": "handling_case"})
    secret = await secret_of(api, place, born)
    seen = await own(api, secret)
    routine = [read for read in seen["reads"] if read["routine"] and read["post"] == "resident_service_officer"]
    assert len(routine) == 1, "routine reads of a month stand together"
    assert routine[0]["times"] >= 3
    named = {(read["purpose"], *read["fields"]) for read in seen["reads"] if not read["routine"]}
    assert ("arranging_visit", "phone") in named
    assert not [each for each in named if each[0] == "handling_case"], "what concerned another stays with them"
    whole = (await api.post(None, "/own-record", {"secret": secret})).text
    assert place.worker.id not in whole
    assert "王二" not in whole
    assert other not in whole


async def test_an_auditor_reads_who_looked_and_is_recorded(api: Api, place: Place) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    path = f"/persons/{home['persons'][0]['id']}/reads"
    auditor, elsewhere = actor(Post.AUDIT_ADMIN, DISTRICT), actor(Post.AUDIT_ADMIN, "150203")
    for who, status in ((None, 401), (place.head, 403), (place.worker, 403), (elsewhere, 404)):
        refused(await api.get(who, path), status)
    first = (await api.get(auditor, path)).json()
    assert first["keptSecret"] == 0
    again = (await api.get(auditor, path)).json()
    assert "audit" in {read["purpose"] for read in again["reads"]}


async def test_secrecy_takes_two_people_and_ends(api: Api, place: Place) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    mine = home["persons"][0]["id"]
    await api.post(place.worker, f"/persons/{mine}/reveal", {"field": "phone", "purpose": "emergency"})
    secret = await secret_of(api, place, born)
    period = {"since": TODAY.isoformat(), "until": (TODAY + timedelta(days=30)).isoformat()}
    entry = {"personId": mine, "post": "resident_service_officer", "basis": "刑事诉讼法第54条"} | period
    for who, status in ((None, 401), (place.worker, 403), (place.guide, 404)):
        refused(await api.post(who, "/secrecies", entry), status)
    refused(await api.post(place.leader, "/secrecies", entry | {"post": None}), 400, None, "/unit")
    refused(await api.post(place.leader, "/secrecies", entry | {"post": "spy"}), 400, None, "/post")
    refused(await api.post(place.leader, "/secrecies", entry | {"until": "2099-01-01"}), 400, None, "/until")
    both = Actor(
        kind="account",
        id=str(uuid4()),
        grants=(*place.leader.grants, *actor(Post.AUDIT_ADMIN, DISTRICT).grants),
    )
    proposed = (await api.post(both, "/secrecies", entry)).json()
    path = f"/secrecies/{proposed['id']}"
    assert [read for read in (await own(api, secret))["reads"] if read["purpose"] == "emergency"]
    refused(await api.post(both, f"{path}/confirmation", {}, version=1), 403, "another-person-needed")
    refused(await api.post(place.leader, f"{path}/confirmation", {}, version=1), 403, "forbidden")
    auditor = actor(Post.AUDIT_ADMIN, DISTRICT)
    assert (await api.post(auditor, f"{path}/confirmation", {}, version=1)).status_code == 200
    refused(await api.post(auditor, f"{path}/confirmation", {}, version=2), 409, "secrecy-decided")
    assert not [read for read in (await own(api, secret))["reads"] if read["purpose"] == "emergency"]
    assert (await api.get(auditor, f"/persons/{mine}/reads")).json()["keptSecret"] >= 1
    listed = (await api.get(auditor, "/secrecies?limit=100")).json()["items"]
    assert "刑事诉讼法第54条" in {each["basis"] for each in listed}
    refused(await api.get(place.worker, "/secrecies"), 403)
    refused(await api.post(place.worker, f"{path}/end", {}, version=2), 403, "forbidden")
    assert (await api.post(place.leader, f"{path}/end", {}, version=2)).status_code == 200
    assert [read for read in (await own(api, secret))["reads"] if read["purpose"] == "emergency"]


async def test_a_request_is_answered_within_fifteen_working_days(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    await api.registered(place.worker, place.household(born))
    secret = await secret_of(api, place, born)
    nothing = {"secret": secret, "kind": "correction"}
    refused(await api.post(None, "/own-record/requests", nothing), 400, None, "/words")
    request = await asked(api, secret, "correction", "名字里少了一点")
    listed = await api.get(place.head, f"/data-requests?area={place.community}&state=open")
    found = next(each for each in listed.json()["items"] if each["id"] == request["id"])
    assert (found["words"], found["late"], found["dueAt"]) == ("名字里少了一点", False, request["dueAt"])
    async with runtime.system_session() as session:
        await session.execute(
            text("update data_request set due_at = now() - interval '1 hour' where id = :id"),
            {"id": UUID(request["id"])},
        )
    late = await api.get(place.head, f"/data-requests?area={place.community}&late=true")
    assert [each["id"] for each in late.json()["items"]] == [request["id"]]
    path = f"/data-requests/{request['id']}/decision"
    refused(await api.post(place.worker, path, {"granted": True}, version=1), 403, "forbidden")
    refused(await api.post(place.leader, path, {"granted": True}, version=1), 403, "forbidden")
    refused(await api.post(place.head, path, {"granted": False}, version=1), 400, None, "/answer")
    refused(await api.post(place.head, path, {"granted": True}, version=9), 412)
    no = {"granted": False, "answer": "与身份证一致"}
    assert (await api.post(place.head, path, no, version=1)).json()["state"] == "refused"
    refused(await api.post(place.head, path, no, version=2), 409, "request-decided")
    assert (await own(api, secret))["requests"][0]["answer"] == "与身份证一致"
    refused(await api.get(place.worker, f"/data-requests?area={place.grid}"), 403, "forbidden")
    other = Place()
    refused(await api.get(other.head, f"/data-requests?area={place.community}"), 404, "not-found")
    refused(await api.post(other.head, path, no, version=2), 404, "not-found")


async def test_whoever_has_no_identity_number_gets_a_code_for_another_document(api: Api, place: Place) -> None:
    child, passport = person("小小", idNumber=None), person("马丁", idNumber="E1234567", idDocumentType="414")
    home = await api.registered(place.worker, place.household(person(), child | {"relationToHead": "20"}))
    other = await api.registered(place.worker, place.household(passport))
    assert other["persons"][0]["name"] == "马丁"
    minor = next(each["id"] for each in home["persons"] if each["name"] == "小小")
    shown = {"personId": minor, "document": "113"}
    for wrong, pointer in (
        ({}, "/idNumber"),
        ({"personId": minor}, "/document"),
        (shown | {"document": "000"}, "/document"),
        (shown | {"idNumber": "150204198102280011"}, "/personId"),
        (shown | {"personId": other["persons"][0]["id"]}, "/idNumber"),
    ):
        refused(await api.post(window(place), "/own-codes", wrong), 400, None, pointer)
    refused(await api.post(window(Place()), "/own-codes", shown), 404, "not-found")
    for given, born in ((shown, child), ({"idNumber": "E1234567"}, passport)):
        code = await api.post(window(place), "/own-codes", given)
        assert code.status_code == 201, code.text
        opening = {"code": code.json()["code"], "birthDate": born["birthDate"]}
        secret = (await api.post(None, "/own-record/openings", opening)).json()["secret"]
        assert (await own(api, secret))["name"] == born["name"]


async def test_a_granted_correction_is_written_into_the_record(api: Api, place: Place) -> None:
    born = person("王晓明")
    home = await api.registered(place.worker, place.household(born))
    mine = f"/persons/{home['persons'][0]['id']}"
    secret = await secret_of(api, place, born)
    request = await asked(api, secret, "correction", "名字是小明，电话换了")
    path = f"/data-requests/{request['id']}/decision"
    refused(await api.post(place.head, path, {"granted": True}, version=1), 400, None, "/correction")
    correction = {"name": "王小明", "evidence": "document_shown"}
    denied = {"granted": False, "answer": "与身份证一致", "correction": correction}
    refused(await api.post(place.head, path, denied, version=1), 400, None, "/correction")
    wrong = {"granted": True, "correction": {"birthDate": "2999-01-01", "evidence": "document_shown"}}
    refused(await api.post(place.head, path, wrong, version=1), 400)
    assert (await own(api, secret))["requests"][0]["state"] == "open", "a correction that cannot be leaves it open"
    both = {"granted": True, "correction": correction, "change": {"phone": "12000003333"}}
    assert (await api.post(place.head, path, both, version=1)).json()["state"] == "granted"
    shown = await own(api, secret)
    assert (shown["name"], shown["phone"], shown["requests"][0]["state"]) == ("王小明", "12000003333", "granted")
    assert (await api.get(place.worker, mine)).json()["name"] == "王小明"
    restriction = await asked(api, secret, "restriction")
    other = f"/data-requests/{restriction['id']}/decision"
    refused(await api.post(place.head, other, both, version=1), 400, None, "/correction")


async def test_a_granted_deletion_takes_away_what_rests_on_consent_and_archives_the_rest(
    api: Api, place: Place
) -> None:
    born = person("钱三")
    home = await api.registered(place.worker, place.household(born))
    for reason, kind in (("disability", "consent"), ("advanced_age", "statutory")):
        care = {"personId": home["persons"][0]["id"], "reason": reason, "basis": "本人意愿", "basisKind": kind}
        assert (await api.post(place.worker, "/care-entries", care | {"startsOn": "2026-01-10"})).status_code == 201
    secret = await secret_of(api, place, born)
    request = await asked(api, secret, "deletion")
    decided = await api.post(place.head, f"/data-requests/{request['id']}/decision", {"granted": True}, version=1)
    assert decided.status_code == 200, decided.text
    left = await own(api, secret)
    assert (left["phone"], left["restrictedOn"]) == (None, TODAY.isoformat())
    assert {each["reason"]: each["endedOn"] for each in left["care"]} == {
        "disability": TODAY.isoformat(),
        "advanced_age": None,
    }


async def test_whose_processing_is_restricted_is_in_no_list(api: Api, place: Place) -> None:
    born = person("赵六")
    home = await api.registered(place.worker, place.household(born, person("王二", relation="12", sex="9")))
    mine = home["persons"][0]["id"]
    secret = await secret_of(api, place, born)
    request = await asked(api, secret, "restriction")
    assert (await api.get(place.worker, f"/persons/{mine}")).status_code == 200
    granted = await api.post(place.head, f"/data-requests/{request['id']}/decision", {"granted": True}, version=1)
    assert granted.status_code == 200, granted.text
    refused(await api.get(place.worker, f"/persons/{mine}"), 404, "not-found")
    refused(await api.patch(place.worker, f"/persons/{mine}", {"phone": "12000001112"}, version=2), 404)
    found = await api.post(place.worker, "/persons/search", {"idNumber": born["idNumber"]})
    assert found.json()["items"] == []
    shown = (await api.get(place.worker, f"/households/{home['id']}")).json()
    assert [each["name"] for each in shown["persons"]] == ["王二"]
    for path in ("/households", f"/packs/{place.grid}", f"/persons?area={place.grid}"):
        assert "赵六" not in (await api.get(place.worker, path)).text
    archived = await api.get(place.head, f"/persons/{mine}")
    assert archived.json()["restrictedOn"] == TODAY.isoformat()
    assert (await own(api, secret))["restrictedOn"] == TODAY.isoformat()
    lifted = await asked(api, secret, "lift_restriction")
    await api.post(place.head, f"/data-requests/{lifted['id']}/decision", {"granted": True}, version=1)
    assert (await api.get(place.worker, f"/persons/{mine}")).json()["name"] == "赵六"


async def test_consent_is_withdrawn_as_easily_as_it_was_given(api: Api, place: Place) -> None:
    born, other = person(), person("王二", relation="12", sex="9")
    home = await api.registered(place.worker, place.household(born, other))
    entries = []
    for whom, kind in ((0, "consent"), (0, "statutory"), (1, "consent")):
        care = {"personId": home["persons"][whom]["id"], "reason": ["disability", "advanced_age"][kind == "statutory"]}
        care |= {"basis": "本人意愿", "basisKind": kind, "startsOn": "2026-01-10"}
        entries.append((await api.post(place.worker, "/care-entries", care)).json())
    secret = await secret_of(api, place, born)
    assert {each["id"] for each in (await own(api, secret))["care"]} == {each["id"] for each in entries[:2]}
    path = "/own-record/withdrawals"
    refused(await api.post(None, path, {"secret": secret, "careEntryId": entries[2]["id"]}), 404, "not-found")
    statutory = {"secret": secret, "careEntryId": entries[1]["id"]}
    refused(await api.post(None, path, statutory), 409, "no-consent-to-withdraw")
    done = await api.post(None, path, {"secret": secret, "careEntryId": entries[0]["id"]})
    assert {each["id"]: each["state"] for each in done.json()["care"]}[entries[0]["id"]] == "ended"


async def test_notes_of_visits_are_shown_on_request(api: Api, place: Place) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    await api.visited(place.worker, home, note="想装扶手")
    secret = await secret_of(api, place, born)
    assert [each["note"] for each in (await own(api, secret))["visits"]] == [None]
    request = await asked(api, secret, "visit_notes")
    await api.post(place.head, f"/data-requests/{request['id']}/decision", {"granted": True}, version=1)
    await api.visited(place.worker, home, note="后来写的")
    assert [each["note"] for each in (await own(api, secret))["visits"]] == [None, "想装扶手"]


async def test_a_record_can_be_closed_before_its_time(api: Api, place: Place) -> None:
    born = person()
    await api.registered(place.worker, place.household(born))
    secret = await secret_of(api, place, born)
    assert (await api.post(None, "/own-record/closing", {"secret": secret})).status_code == 204
    for path, more in (("", {}), ("/closing", {}), ("/requests", {"kind": "restriction"})):
        refused(await api.post(None, f"/own-record{path}", {"secret": secret} | more), 404, "own-record-closed")
    withdrawal = {"secret": secret, "careEntryId": str(uuid4())}
    refused(await api.post(None, "/own-record/withdrawals", withdrawal), 404, "own-record-closed")
    refused(await api.post(None, "/own-record", {"secret": "x"}), 400)


def test_every_table_has_a_retention_class_and_every_end_is_carried_out() -> None:
    rows = {row["code"] for row in read_table("population_svc", "retention_classes").rows}
    own_tables = {table.name for table in Base.metadata.tables.values()}
    assert own_tables | {"access_record", "audit_entry"} <= rows
    assert rows - own_tables - set(tables.metadata.tables) == {"visit_note"}
    assert set(FORGETS) == set(retention())


@pytest.mark.parametrize("kind", sorted(FORGETS))
async def test_nothing_is_forgotten_before_its_time(api: Api, place: Place, runtime: Runtime, kind: str) -> None:
    async with runtime.system_session() as session:
        assert await FORGETS[kind](session, clock.now() - timedelta(days=20_000)) == 0


async def test_what_is_past_its_time_is_forgotten(api: Api, place: Place, runtime: Runtime) -> None:
    born = person()
    home = await api.registered(place.worker, place.household(born))
    care = {"personId": home["persons"][0]["id"], "reason": "disability", "basis": "证", "startsOn": "2026-01-10"}
    entry = (await api.post(place.worker, "/care-entries", care)).json()
    await api.post(place.worker, f"/care-entries/{entry['id']}/end", {"endedOn": "2026-02-01"}, version=1)
    secret = await secret_of(api, place, born)
    request = await asked(api, secret, "explanation", "为什么登记电话")
    await api.post(place.head, f"/data-requests/{request['id']}/decision", {"granted": True}, version=1)
    async with runtime.system_session() as session:
        await commands.forget(session, now=clock.now())
    seen = await own(api, secret)
    assert (len(seen["requests"]), len(seen["care"])) == (1, 1), "what is young stays"
    async with runtime.system_session() as session:
        ids = {"request": UUID(request["id"]), "entry": UUID(entry["id"])}
        old = "update data_request set decided_at = decided_at - interval '1096 days' where id = :request"
        await session.execute(text(old), ids)
        await session.execute(text("update care_entry set ended_on = ended_on - 1096 where id = :entry"), ids)
        assert await commands.forget(session, now=clock.now()) >= 2
    seen = await own(api, secret)
    assert (seen["requests"], seen["care"]) == ([], [])
    async with runtime.system_session() as session:
        assert await FORGETS["own_access"](session, clock.now() + timedelta(hours=1)) >= 1
    refused(await api.post(None, "/own-record", {"secret": secret}), 404, "own-record-closed")
