"""What tests of every service share: actors, tokens, and a client of the production app."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI

from grid_kernel import clock
from grid_kernel.auth import Actor, Grant, Post, Signer

TOKEN_SECONDS = 3600


def actor(post: Post, area: str, *, unit: str | None = None, duty: Any = None, identifier: str | None = None) -> Actor:
    """An account that holds one post at one area."""
    grant = Grant(post=post, area=area, unit=unit, duty=duty)
    return Actor(kind="account", id=identifier or str(uuid4()), grants=(grant,))


class Tokens:
    """Mints what the gateway would mint, with the gateway's key of the test run."""

    def __init__(self, gateway_key: Path) -> None:
        self._signer = Signer(gateway_key.read_text("utf-8"))

    def of(self, who: Actor) -> str:
        """The bearer token of an actor."""
        return self._signer.mint(who, now=clock.now(), seconds=TOKEN_SECONDS)

    def headers(self, who: Actor, **more: str) -> dict[str, str]:
        """The Authorization header of an actor, with a fresh Idempotency-Key."""
        return {"Authorization": f"Bearer {self.of(who)}", "Idempotency-Key": uuid4().hex} | more


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The production app with its lifespan, behind an in-process transport. `client.runtime` is its runtime."""
    async with app.router.lifespan_context(app) as state:
        transport = httpx.ASGITransport(app=_with_state(app, state))
        async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
            client.runtime = state["runtime"]  # type: ignore[attr-defined,index]  # tests look behind the routes
            yield client


def _with_state(app: FastAPI, state: Mapping[str, Any] | None) -> Any:
    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        await app(scope | {"state": dict(state or {})}, receive, send)

    return with_state
