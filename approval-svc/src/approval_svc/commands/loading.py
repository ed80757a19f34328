"""Loads the applications of a demo through the same moves people make, each at the moment it happened."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries
from approval_svc.clockwork import Clockwork, new_pause
from approval_svc.commands.keeping import entry_of
from approval_svc.commands.publishing import publish_catalogue
from approval_svc.commands.reviewing import notice_of
from approval_svc.commands.submitting import begin, party_of, reserve_receipts
from approval_svc.models import Application, Clock, Entry, Notice, Party, Pause, ServiceItem
from approval_svc.rules import Link, Verb
from approval_svc.schemas import ApplicationIn, MaterialIn, NoticeIn, PartyIn
from grid_kernel.auth import Actor, Grant, Post
from grid_kernel.bulk import copy_rows
from grid_kernel.clock import WorkingCalendar, today
from grid_kernel.events import Event, publish_many
from grid_kernel.identifiers import case_code
from grid_kernel.runtime import Runtime

PER_TRANSACTION = 500
_ECONOMIC_CHECK = "household_economic_check"
_Script = Mapping[str, Any]


@dataclass(slots=True)
class _Played:
    """Everything one script leaves behind. The audit says nothing of it: nobody did these things here."""

    script: _Script
    item: ServiceItem
    application: Application
    party: Party
    clockwork: Clockwork
    clocks: list[Clock] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def keep(self, verb: Verb, event: Event, actor: Actor, at: datetime, reason: str | None) -> None:
        """What a move leaves behind."""
        self.events.append(event)
        self.entries.append(entry_of(self.application, verb, actor, at, reason))
        self.clocks += self.clockwork.turn(verb, at)


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
            done += await _load(session, scripts[start : start + PER_TRANSACTION], runtime.settings.district, calendar)
    return done


async def _load(session: AsyncSession, scripts: Sequence[_Script], district: str, calendar: WorkingCalendar) -> int:
    known = await queries.known_applications(session, [UUID(script["id"]) for script in scripts])
    fresh = [script for script in scripts if UUID(script["id"]) not in known]
    numbers = await _numbers(session, fresh, district)
    items = await queries.every_version(session)
    played = [_play(script, _item_of(script, items), next(numbers[_day(script)]), calendar) for script in fresh]
    await copy_rows(session, Application, [each.application for each in played])
    await copy_rows(session, Party, [each.party for each in played])
    await copy_rows(session, Clock, [clock for each in played for clock in each.clocks])
    await copy_rows(session, Pause, [pause for each in played for pause in each.clockwork.pauses])
    await copy_rows(session, Notice, [notice for each in played for notice in each.notices])
    await copy_rows(session, Entry, [entry for each in played for entry in each.entries])
    await publish_many(session, (event for each in played for event in each.events))
    return len(played)


async def _numbers(session: AsyncSession, scripts: Sequence[_Script], district: str) -> dict[date, Iterator[str]]:
    numbers: dict[date, Iterator[str]] = {}
    for day, count in sorted(Counter(_day(script) for script in scripts).items()):
        places = await reserve_receipts(session, day, count)
        numbers[day] = iter([case_code(district, day, place) for place in places])
    return numbers


def _day(script: _Script) -> date:
    return today(datetime.fromisoformat(script["submitted_at"]))


def _item_of(script: _Script, items: Sequence[ServiceItem]) -> ServiceItem:
    return next(item for item in items if item.code == script["item_code"] and item.in_force_on(_day(script)))


def _play(script: _Script, item: ServiceItem, number: str, calendar: WorkingCalendar) -> _Played:
    at = datetime.fromisoformat(script["submitted_at"])
    given = _given(script, item)
    application = begin(item, given, number, at).application
    application.id, application.synthetic = UUID(script["id"]), True
    clockwork = Clockwork(application, item.limits(), calendar)
    played = _Played(script, item, application, _party(application, script, given, at), clockwork)
    clerk = _actor(script["clerk_account_id"], None, application)
    played.keep(Verb.SUBMIT, application.submitted(), clerk, at, None)
    for step in script["steps"]:
        _step(played, step)
    return played


def _given(script: _Script, item: ServiceItem) -> ApplicationIn:
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


def _party(application: Application, script: _Script, given: ApplicationIn, at: datetime) -> Party:
    party = party_of(application, given.applicant, at)
    party.person_id = UUID(found) if (found := script["applicant"]["person_id"]) else None
    party.link, party.link_after = Link.LINKED if found else Link.NOT_REGISTERED, None
    return party


def _actor(account_id: str | None, unit: str | None, application: Application) -> Actor:
    if account_id is None:
        return Actor(kind="resident", id=f"application:{application.id}")
    post = Post.DEPARTMENT_HANDLER if unit else Post.WINDOW_CLERK
    grant = Grant(post=post, area=application.area_code, unit=unit or f"station-{application.area_code[:12]}")
    return Actor(kind="account", id=account_id, grants=(grant,))


def _step(played: _Played, step: _Script) -> None:
    application, at = played.application, datetime.fromisoformat(step["at"])
    verb, event = _moved(application, step, played.item, at)
    if verb is Verb.REQUIRE_CORRECTION:
        played.notices.append(notice_of(application, _notice(step, played.item), at))
    if verb is Verb.SUSPEND:
        played.clockwork.pauses.append(new_pause(application, _ECONOMIC_CHECK, at))
    reason = _ECONOMIC_CHECK if verb in {Verb.SUSPEND, Verb.RESUME} else step["reason"]
    unit = None if verb is Verb.FORWARD else step["unit"]
    played.keep(verb, event, _actor(step["by"], unit, application), at, reason)


def _notice(step: _Script, item: ServiceItem) -> NoticeIn:
    _, _, listed = (step["reason"] or "").rstrip("。").partition("：")
    missing = listed.split("；") if listed else [paper["name"] for paper in item.materials[-1:]]
    return NoticeIn(deficiencies=missing or [item.name])


def _moved(application: Application, step: _Script, item: ServiceItem, at: datetime) -> tuple[Verb, Event]:
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
