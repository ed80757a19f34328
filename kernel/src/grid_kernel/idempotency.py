"""Idempotency-Key: the answer is stored in the transaction it answers for, and replayed to whoever asks again."""

import hashlib
import re
from typing import TYPE_CHECKING

import orjson
from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import tables
from grid_kernel.auth import Actor
from grid_kernel.crypto import Keys
from grid_kernel.errors import InvalidInput, KeyInUse, KeyReused

if TYPE_CHECKING:
    from collections.abc import Mapping

_KEY = re.compile(r"[\x21-\x7e]{8,200}")
_LABEL = "kernel.idempotency.body"
_KEPT_HEADERS = ("content-type", "etag", "location")


class Replay(Exception):  # noqa: N818
    """The request was answered before; this is the answer."""

    def __init__(self, response: Response) -> None:
        super().__init__("replayed")
        self.response = response


async def begin(session: AsyncSession, request: Request, actor: Actor | None, keys: Keys) -> None:
    """At the start of a writing transaction: replay, refuse, or remember that this request is the first."""
    request.state.write_session = session
    key = request.headers.get("idempotency-key")
    if key is None and getattr(request.state, "needs_key", False):
        raise InvalidInput.at("#/header/Idempotency-Key", "idempotency-key-missing")
    if request.method != "POST" or key is None:
        return
    if not _KEY.fullmatch(key):
        raise InvalidInput.at("#/header/Idempotency-Key", "idempotency-key-malformed")
    owner = actor.id if actor else "anonymous"
    free = await session.scalar(
        text("select pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"{owner}\n{key}"}
    )
    if not free:
        raise KeyInUse(headers={"Retry-After": "1"})
    fingerprint = await _fingerprint(request)
    table = tables.idempotency_key
    found = (await session.execute(select(table).where(table.c.actor_id == owner, table.c.key == key))).first()
    if found is None:
        request.state.idempotency = (owner, key, fingerprint)
    elif found.fingerprint != fingerprint:
        raise KeyReused
    else:
        headers: Mapping[str, str] = found.headers
        body = keys.decrypt(found.body, _LABEL)
        raise Replay(Response(body, found.status, {**headers, "Idempotency-Replayed": "true"}))


async def store(request: Request, response: Response, keys: Keys) -> None:
    """At the end of it: keep the answer with what it answers for."""
    remembered = getattr(request.state, "idempotency", None)
    if remembered is None or response.status_code >= 300:  # noqa: PLR2004
        return
    owner, key, fingerprint = remembered
    session: AsyncSession = request.state.write_session
    values = {
        "actor_id": owner,
        "key": key,
        "fingerprint": fingerprint,
        "status": response.status_code,
        "headers": {name: value for name in _KEPT_HEADERS if (value := response.headers.get(name))},
        "body": keys.encrypt(bytes(response.body), _LABEL),
    }
    await session.execute(tables.idempotency_key.insert().values(values))


async def _fingerprint(request: Request) -> bytes:
    what = orjson.dumps([request.method, request.url.path, request.url.query])
    return hashlib.sha256(what + await request.body()).digest()
