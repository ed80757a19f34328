"""What was read and what was done: one row each in the same transaction, hash-chained afterwards by the relay."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
from sqlalchemy import Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import clock, tables, tracing
from grid_kernel.auth import Actor
from grid_kernel.contracts.kernel import AUDIT_ANCHORED
from grid_kernel.events import publish
from grid_kernel.types import uuid7

LINKED_PER_TURN = 500
_CHAIN_LOCK = 0x6772_6964_0002
_NOT_HASHED = frozenset({"position", "hash"})


class Subject(Protocol):
    """Anything with an identity and a place; only read here."""

    @property
    def id(self) -> UUID: ...

    @property
    def area_code(self) -> str: ...


def _who(actor: Actor | None, area: str | None = None) -> dict[str, str | None]:
    grant = actor.grant_for(area) if actor else None
    return {
        "actor_id": actor.id if actor else "anonymous",
        "post": str(grant.post) if grant else None,
        "unit": grant.unit if grant else None,
        "trace_id": tracing.current_trace_id(),
    }


def _access(
    actor: Actor | None, kind: str, ids: Sequence[UUID], fields: Sequence[str], purpose: str | None, via: str
) -> dict[str, Any]:
    stated = purpose or (actor.purpose if actor else None)
    row = {"id": uuid7(), "at": clock.now(), **_who(actor), "purpose": stated, "via": via}
    return row | {"object_kind": kind, "object_ids": list(ids), "fields": list(fields)}


def access_insert(
    actor: Actor | None, *, kind: str, ids: Sequence[UUID], fields: Sequence[str], purpose: str | None, via: str
) -> tuple[str, tuple[Any, ...]]:
    """The insert, for asyncpg, that says whose data a read returned."""
    row = _access(actor, kind, ids, fields, purpose, via)
    names, holes = ", ".join(row), ", ".join(f"${number}" for number in range(1, len(row) + 1))
    return f"insert into access_record ({names}) values ({holes})", tuple(row.values())  # noqa: S608 - own names only


def access_insert_once(
    actor: Actor | None,
    *,
    kind: str,
    ids: Sequence[UUID],
    fields: Sequence[str],
    purpose: str | None,
    via: str,
    since: datetime,
) -> tuple[str, tuple[Any, ...]]:
    """The same of those whose data this actor has not read in this way since a moment; nothing when of all."""
    row = _access(actor, kind, ids, fields, purpose, via)
    hole = {name: f"${number}" for number, name in enumerate(row, 1)}
    same = f"r.actor_id = {hole['actor_id']} and r.object_kind = {hole['object_kind']} and r.at >= ${len(row) + 1}"
    known = f"select 1 from access_record r where r.object_ids @> array[shown] and {same}"  # noqa: S608 - own names
    shown = f"select shown from unnest({hole['object_ids']}::uuid[]) shown where not exists ({known})"  # noqa: S608
    values = ", ".join((hole | {"object_ids": "fresh.ids"}).values())
    insert = f"insert into access_record ({', '.join(row)}) select {values}"
    return f"{insert} from (select array({shown}) ids) fresh where cardinality(fresh.ids) > 0", (*row.values(), since)


async def record_access(
    session: AsyncSession,
    actor: Actor | None,
    *,
    kind: str,
    ids: Sequence[UUID],
    fields: Sequence[str] = (),
    purpose: str | None = None,
    via: str = "",
) -> None:
    """Say whose data this transaction shows; a reveal is answered only when this row is stored."""
    row = _access(actor, kind, ids, fields, purpose, via or str(session.info.get("via", "")))
    await session.execute(tables.access_record.insert().values(row))


async def record_act(
    session: AsyncSession,
    actor: Actor,
    action: str,
    subject: Subject,
    *,
    kind: str,
    now: datetime,
    reason: str | None = None,
    on_behalf_of: str | None = None,
) -> None:
    """Say who did what to which thing, in the transaction that did it. `reason` is a code, never free text."""
    row = {"id": uuid7(), "at": now, **_who(actor, subject.area_code), "action": action, "reason": reason}
    row |= {"object_kind": kind, "object_id": subject.id, "area_code": subject.area_code, "on_behalf_of": on_behalf_of}
    await session.execute(tables.audit_entry.insert().values(row))


CHAINS: Mapping[str, Table] = {"access_record": tables.access_record, "audit_entry": tables.audit_entry}


def link_hash(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the previous hash and every column of the row but its position and its own hash."""
    content = {str(key): _plain(value) for key, value in row.items() if key not in _NOT_HASHED}
    return hashlib.sha256(previous + orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return [_plain(item) for item in value] if isinstance(value, list) else str(value) if value is not None else None


async def extend_chains(session: AsyncSession, service: str, now: datetime) -> int:
    """Give rows that are in no chain yet their link and hash; anchor each grown chain's head in an event."""
    locked = await session.scalar(text("select pg_try_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    if not locked:
        return 0
    return sum([await _extend(session, service, chain, now) for chain in CHAINS])


async def _extend(session: AsyncSession, service: str, chain: str, now: datetime) -> int:
    table = CHAINS[chain]
    link, previous = await head(session, chain)
    fresh = await session.execute(
        select(table).where(table.c.link.is_(None)).order_by(table.c.position).limit(LINKED_PER_TURN)
    )
    rows = [dict(row) for row in fresh.mappings()]
    for row in rows:
        link += 1
        previous = link_hash(previous, row | {"link": link})
        await session.execute(update(table).where(table.c.id == row["id"]).values(link=link, hash=previous))
    if rows:
        anchored = AUDIT_ANCHORED[service](
            aggregate_id=rows[-1]["id"],
            sequence=link,
            occurred_at=now,
            area_code=str(session.info.get("district", "")),
            chain=chain,
            head=previous.hex(),
        )
        await publish(session, anchored)
    return len(rows)


async def head(session: AsyncSession, chain: str) -> tuple[int, bytes]:
    """The last link of a chain and its hash; (0, empty) before the first."""
    table = CHAINS[chain]
    found = await session.execute(
        select(table.c.link, table.c.hash).where(table.c.link.is_not(None)).order_by(table.c.link.desc()).limit(1)
    )
    row = found.first()
    return (row.link, row.hash) if row else (0, b"")


async def first_break(session: AsyncSession, chain: str) -> int | None:
    """The first link that does not follow from the one before it, None when the chain is whole."""
    table = CHAINS[chain]
    previous, expected = b"", 1
    stream = await session.stream(select(table).where(table.c.link.is_not(None)).order_by(table.c.link))
    async for row in stream.mappings():
        if row["link"] != expected or row["hash"] != link_hash(previous, dict(row)):
            return expected
        previous, expected = row["hash"], expected + 1
    return None
