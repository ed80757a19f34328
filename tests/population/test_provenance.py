"""Of each field it is known who said it, when, by what evidence, and when it was last found to be so."""

from datetime import datetime, timedelta
from typing import Any

from tests.population.conftest import Api, Place, refused
from tests.population.test_sync import PHONE, operation, sent

from grid_kernel import clock
from grid_kernel.auth import Actor


async def told(api: Api, who: Actor, path: str) -> dict[str, dict[str, Any]]:
    answer = await api.get(who, f"{path}/provenance")
    assert answer.status_code == 200, answer.text
    return {each["member"]: each for each in answer.json()}


async def test_the_last_word_on_a_field_is_known_with_its_evidence(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    path = f"/persons/{home['persons'][0]['id']}"
    entered = await told(api, place.worker, path)
    assert (entered["name"]["evidence"], entered["name"]["post"], entered["name"]["ageDays"]) == (None, None, 0)
    change = {"phone": "12099990000", "evidence": "document_shown"}
    assert (await api.patch(place.clerk, path, change, version=1)).status_code == 200
    said = await told(api, place.worker, path)
    assert (said["phone"]["evidence"], said["phone"]["post"]) == ("document_shown", "window_clerk")
    assert said["name"]["evidence"] is None
    assert place.clerk.id not in str(said)
    refused(
        await api.patch(place.clerk, path, {"phone": None, "evidence": "hearsay"}, version=2), 400, None, "/evidence"
    )


async def test_a_phone_says_when_it_was_told_not_when_it_was_sent(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    then = clock.now() - timedelta(hours=5)
    called = operation("household.change", home["id"], at=then, phone="12055550000", base={"phone": PHONE})
    await sent(api, place.worker, called)
    said = await told(api, place.worker, f"/households/{home['id']}")
    assert datetime.fromisoformat(said["phone"]["statedAt"]) == then


async def test_a_visit_that_finds_everything_as_recorded_keeps_it_fresh(api: Api, place: Place) -> None:
    home = await api.registered(place.worker, place.household())
    paths = [
        f"/persons/{home['persons'][0]['id']}",
        f"/households/{home['id']}",
        f"/dwellings/{home['dwelling']['id']}",
    ]
    await api.visited(place.worker, home)
    for path in paths:
        assert {each["confirmedAt"] for each in (await told(api, place.worker, path)).values()} == {None}
    await api.visited(place.worker, home, unchanged=True)
    for path in paths:
        assert None not in {each["confirmedAt"] for each in (await told(api, place.worker, path)).values()}
    for path in paths:
        refused(await api.get(place.neighbour, f"{path}/provenance"), 404, "not-found")
