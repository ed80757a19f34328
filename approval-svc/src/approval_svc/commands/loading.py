"""Loads the applications of a demo through the same moves people make, each at the moment it happened."""

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries
from approval_svc.commands.keeping import keep, new_pause
from approval_svc.commands.publishing import publish_catalogue
from approval_svc.commands.reviewing import notice_of
from approval_svc.commands.submitting import begin, next_receipt_number, party_of
from approval_svc.models import Application, Party, ServiceItem
from approval_svc.rules import Link, Verb
from approval_svc.schemas import ApplicationIn, MaterialIn, NoticeIn, PartyIn
from grid_kernel.auth import Actor
from grid_kernel.clock import WorkingCalendar, today
from grid_kernel.events import Event
from grid_kernel.runtime import Runtime

PER_TRANSACTION = 100
_ECONOMIC_CHECK = "household_economic_check"


async def load(runtime: Runtime, folder: Path, now: datetime) -> int:
    """Load the applications of a demo folder once, each step at the moment it happened."""
    calendar = await runtime.calendar()
    async with runtime.system_session() as session:
        await publish_catalogue(session, now=now)
    path = folder / "applications.ndjson"
    scripts = [orjson.loads(line) for line in path.read_bytes().splitlines()] if path.exists() else []
    done = 0
    for start in range(0, len(scripts), PER_TRANSACTION):
        async with runtime.system_session() as session:
            for script in scripts[start : start + PER_TRANSACTION]:
                done += await _play(session, script, runtime.settings.district, calendar)
    return done


async def _play(session: AsyncSession, script: dict[str, Any], district: str, calendar: WorkingCalendar) -> int:
    if await session.get(Application, UUID(script["id"])) is not None:
        return 0
    at = datetime.fromisoformat(script["submitted_at"])
    item = await queries.item_on(session, script["item_code"], today(at))
    if item is None:
        return 0
    given = _given(script, item)
    number = await next_receipt_number(session, district, today(at))
    application = begin(item, given, number, at).application
    application.id, application.synthetic = UUID(script["id"]), True
    session.add(application)
    await session.flush()
    session.add(_party(application, script, given, at))
    clerk = _actor(script["clerk_account_id"], application)
    await keep(session, application, application.submitted(), Verb.SUBMIT, clerk, calendar=calendar, now=at)
    for step in script["steps"]:
        await _step(session, application, step, item, calendar)
    return 1


def _given(script: dict[str, Any], item: ServiceItem) -> ApplicationIn:
    who = script["applicant"]
    applicant = PartyIn(name=who["name"], id_number=SecretStr(who["id_number"]), phone=who["phone"])
    incomplete = any(step["verb"] == "require_correction" for step in script["steps"])
    brought = item.materials[:-1] if incomplete else item.materials
    return ApplicationIn(
        item_code=item.code,
        area_code=script["community_code"],
        applicant=applicant,
        channel=script["channel"],
        materials=[MaterialIn(seq=paper["seq"]) for paper in brought],
    )


def _party(application: Application, script: dict[str, Any], given: ApplicationIn, at: datetime) -> Party:
    party = party_of(application, given.applicant, at)
    party.person_id = UUID(found) if (found := script["applicant"]["person_id"]) else None
    party.link, party.link_after = Link.LINKED if found else Link.NOT_REGISTERED, None
    return party


def _actor(account_id: str | None, application: Application) -> Actor:
    if account_id is None:
        return Actor(kind="resident", id=f"application:{application.id}")
    return Actor(kind="account", id=account_id)


async def _step(
    session: AsyncSession,
    application: Application,
    step: dict[str, Any],
    item: ServiceItem,
    calendar: WorkingCalendar,
) -> None:
    at, actor = datetime.fromisoformat(step["at"]), _actor(step["by"], application)
    verb, event = _moved(application, step, item, at)
    if verb is Verb.REQUIRE_CORRECTION:
        session.add(notice_of(application, _notice(step, item), at))
    if verb is Verb.SUSPEND:
        session.add(new_pause(application, _ECONOMIC_CHECK, at))
    reason = _ECONOMIC_CHECK if verb in {Verb.SUSPEND, Verb.RESUME} else step["reason"]
    await keep(session, application, event, verb, actor, calendar=calendar, now=at, reason=reason)


def _notice(step: dict[str, Any], item: ServiceItem) -> NoticeIn:
    _, _, listed = (step["reason"] or "").rstrip("。").partition("：")
    missing = listed.split("；") if listed else [paper["name"] for paper in item.materials[-1:]]
    return NoticeIn(deficiencies=missing or [item.name])


def _moved(application: Application, step: dict[str, Any], item: ServiceItem, at: datetime) -> tuple[Verb, Event]:
    papers = [MaterialIn(seq=paper["seq"]).model_dump(mode="json") for paper in item.materials]
    moves: dict[str, tuple[Verb, Any]] = {
        "pre_review_pass": (Verb.PASS_PRE_REVIEW, lambda: application.pass_pre_review(at)),
        "pre_review_refuse": (Verb.REFUSE_PRE_REVIEW, lambda: application.refuse_pre_review(at)),
        "require_correction": (Verb.REQUIRE_CORRECTION, lambda: application.require_correction(at)),
        "correct": (Verb.CORRECT, lambda: application.correct(papers, at)),
        "forward": (Verb.FORWARD, lambda: application.forward(at)),
        "accept": (Verb.ACCEPT, lambda: application.accept(at)),
        "refuse_acceptance": (Verb.REFUSE_ACCEPTANCE, lambda: application.refuse_acceptance(at)),
        "suspend": (Verb.SUSPEND, lambda: application.suspend(_ECONOMIC_CHECK, at)),
        "resume": (Verb.RESUME, lambda: application.resume(_ECONOMIC_CHECK, at)),
        "approve": (Verb.APPROVE, lambda: application.decide(at, approved=True)),
        "deny": (Verb.DENY, lambda: application.decide(at, approved=False)),
        "complete": (Verb.COMPLETE, lambda: application.complete(at)),
        "withdraw": (Verb.WITHDRAW, lambda: application.withdraw(at)),
        "rate": (Verb.RATE, lambda: application.rate(step["grade"], at)),
    }
    verb, move = moves[step["verb"]]
    return verb, move()
