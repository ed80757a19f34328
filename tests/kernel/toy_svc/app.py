"""The toy service, described."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel.ask import Question
from grid_kernel.audit import record_access, record_act
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import WriteSession, as_system, expect_version, find, in_scope
from grid_kernel.errors import NotFound, refusals
from grid_kernel.events import publish
from grid_kernel.inbox import Hearing, is_newer
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads, Runtime
from grid_kernel.schemas import AreaCode, Input, Line, Schema
from grid_kernel.service import Job, Service
from toy_svc.models import Base, Note, NoteSealed, NoteWritten


def scope(actor: Actor) -> tuple[str, ...]:
    return actor.areas()


class NoteIn(Input):
    text: Line
    area_code: AreaCode
    secret: str | None = Field(default=None, max_length=50)
    pause: float = Field(default=0, le=2)


class NoteText(Input):
    text: Line


class NoteOut(Schema):
    id: UUID
    area_code: str
    text: str
    written_at: datetime
    version: int


router = GridRouter(prefix="/notes", tags=["notes"])


def visible(actor: Actor) -> Any:
    return select(Note).where(in_scope(Note.area_code, scope(actor)))


async def for_update(session: AsyncSession, actor: Actor, note_id: UUID) -> Note:
    note = await find(session, visible(actor).where(Note.id == note_id).with_for_update())
    if note is None:
        raise NotFound
    return note  # type: ignore[no-any-return]


@router.post("", status_code=201)
async def write_note(body: NoteIn, actor: CurrentActor, session: WriteSession, now: Now) -> NoteOut:
    """Write a note anywhere."""
    note = Note(area_code=body.area_code, text=body.text, secret=body.secret, secret_index=body.secret, written_at=now)
    session.add(note)
    await publish(session, note.written(now))
    await record_act(session, actor, "note.written", note, kind="note", now=now)
    await asyncio.sleep(body.pause)
    return NoteOut.model_validate(note)


@router.get("")
async def list_notes(actor: CurrentActor, reads: Reads, paging: Paging) -> Page[NoteOut]:
    """Notes of the actor's areas, newest first."""
    statement = visible(actor).order_by(Note.written_at.desc(), Note.id.desc()).limit(paging.limit + 1)  # type: ignore[attr-defined]
    if after := paging.after(datetime, UUID):
        statement = statement.where(tuple_(Note.written_at, Note.id) < after)  # type: ignore[arg-type]
    rows = await reads.fetch(statement, access="note")
    return page_of(rows, paging, key=lambda row: (row["written_at"], row["id"]), item=NoteOut.model_validate)


@router.get("/{note_id}")
async def get_note(note_id: UUID, actor: CurrentActor, reads: Reads) -> NoteOut:
    """One note."""
    row = await reads.fetch_one(visible(actor).where(Note.id == note_id), access="note")
    if row is None:
        raise NotFound
    return NoteOut.model_validate(row)


@router.put("/{note_id}", responses=CHANGED | refusals(NoteSealed))
async def rewrite_note(
    note_id: UUID, body: NoteText, actor: CurrentActor, session: WriteSession, version: IfMatch, now: Now
) -> NoteOut:
    """Change a note."""
    note = await for_update(session, actor, note_id)
    expect_version(note, version)
    await publish(session, note.rewrite(body.text, now))
    return NoteOut.model_validate(note)


@router.post("/{note_id}/move")
async def move_note(note_id: UUID, area: AreaCode, actor: CurrentActor, session: WriteSession) -> NoteOut:
    """Move a note, perhaps out of one's own area."""
    note = await for_update(session, actor, note_id)
    async with as_system(session):
        await session.execute(update(Note).where(Note.id == note_id).values(area_code=area))  # type: ignore[arg-type]
    return NoteOut.model_validate(note)


@router.post("/{note_id}/reveal")
async def reveal_secret(note_id: UUID, actor: CurrentActor, session: WriteSession) -> dict[str, str | None]:
    """Show the secret; the showing is recorded with it."""
    note = await for_update(session, actor, note_id)
    await record_access(session, actor, kind="note", ids=[note.id], fields=["secret"], purpose="test")
    return {"secret": note.secret}


@router.get("/break/now")
async def break_now() -> None:
    """Fail with a secret in the message."""
    raise RuntimeError("canary-150299199001011234")


async def on_note_written(session: AsyncSession, event: NoteWritten, hearing: Hearing) -> None:
    if event.area_code == "150204999":
        raise RuntimeError("poison")
    if await is_newer(session, event):
        await session.execute(
            update(Note).where(Note.id == event.aggregate_id).values(sealed=event.sequence % 2 == 0)  # type: ignore[arg-type]
        )


class Shout(Input):
    text: str


class Shouted(Schema):
    text: str


SHOUT = Question(service="toy", name="shout", asks=Shout, answers=Shouted, askers=frozenset({"toy"}))


async def shout(runtime: Runtime, actor: Actor, asked: Shout, now: datetime) -> Shouted:
    if asked.text == "nothing":
        raise NotFound
    return Shouted(text=asked.text.upper())


TURNS: list[datetime] = []


async def count_turn(runtime: Runtime, now: datetime) -> int:
    TURNS.append(now)
    return 1


SERVICE = Service(
    name="toy",
    package="toy_svc",
    title="Notes",
    metadata=Base.metadata,
    scope=scope,
    routers=[router],
    handlers={NoteWritten: on_note_written},
    answers={SHOUT: shout},
    jobs=[Job("count-turn", timedelta(seconds=0.2), count_turn)],
    code_tables=("colours",),
)
