"""The applicant is looked for in the register of persons, and the page says how that went."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import text
from tests.approval.conftest import APPLICANT, Desk, Population, application

from approval_svc import commands
from approval_svc.commands import linking
from grid_kernel import clock
from grid_kernel.runtime import Runtime


async def applicant(desk: Desk) -> tuple[str, str | None]:
    """What the page says of who applied."""
    found = (await desk.read()).json()["applicant"]
    return found["link"], found["personId"]


async def settled(desk: Desk) -> tuple[str, str | None]:
    """What it says as soon as the register has answered."""
    for _ in range(200):
        if (told := await applicant(desk))[0] != "waiting":
            return told
        await asyncio.sleep(0.02)
    raise AssertionError(told)


async def test_the_register_is_asked_for_the_whole_number_and_a_purpose(desk: Desk, population: Population) -> None:
    person = population.persons[APPLICANT["idNumber"]] = uuid4()
    async with population.answering():
        await desk.submit()
        assert await settled(desk) == ("linked", str(person))
    asked = population.asked[-1]
    assert (asked.id_number, asked.purpose) == (APPLICANT["idNumber"], "application")


async def test_who_is_not_in_the_register_is_told_so_and_not_asked_again(
    desk: Desk, population: Population, runtime: Runtime
) -> None:
    population.persons.clear()
    async with population.answering():
        await desk.submit()
        assert await settled(desk) == ("not_registered", None)
        before = len(population.asked)
        assert await commands.link(runtime, desk.known["id"]) is None
    assert len(population.asked) == before


async def test_an_application_goes_its_way_while_nobody_answers_and_is_linked_later(
    desk: Desk, population: Population, runtime: Runtime
) -> None:
    await desk.submit()
    assert await applicant(desk) == ("waiting", None)
    await desk.to("forwarded")
    person = population.persons[APPLICANT["idNumber"]] = uuid4()
    async with population.answering():
        while await commands.link_waiting(runtime, clock.now() + linking.AGAIN_AFTER * 2):
            continue
    assert await applicant(desk) == ("linked", str(person))


async def test_a_register_that_is_away_is_not_asked_for_everybody(
    desk: Desk, population: Population, runtime: Runtime
) -> None:
    for _ in range(3):
        await desk.submit()
    async with population.silent() as asked:
        assert await commands.link_waiting(runtime, clock.now() + linking.AGAIN_AFTER * 2) == 0
        assert asked.is_set()
    assert await applicant(desk) == ("waiting", None)


async def test_after_three_days_without_an_answer_the_page_says_so(desk: Desk, runtime: Runtime) -> None:
    await desk.submit()
    late = clock.now() + linking.GIVE_UP_AFTER + timedelta(minutes=1)
    await commands.link(runtime, desk.known["id"], late)
    assert await applicant(desk) == ("unanswered", None)


async def test_while_the_register_is_asked_the_application_can_be_worked_on(desk: Desk, population: Population) -> None:
    async with population.silent() as asked:
        await desk.submit()
        await asked.wait()
        await asyncio.wait_for(desk.to("pre_reviewed"), timeout=1.5)
        assert await applicant(desk) == ("waiting", None)


async def test_an_identity_number_rests_encrypted(desk: Desk, runtime: Runtime) -> None:
    await desk.submit(applicant=application()["applicant"] | {"name": "王小明"})
    query = text("select name || phone || id_number from party where application_id = cast(:id as uuid)")
    async with runtime.system_session() as session:
        stored = bytes(await session.scalar(query, {"id": desk.known["id"]}) or b"")
    for told in ("王小明", APPLICANT["phone"], APPLICANT["idNumber"]):
        assert told.encode() not in stored
