"""From a cookie to a signed token: looked up once a minute, dropped at once when a post changes."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
from starlette.types import Scope

from gateway import queries, rules
from gateway.commands import secret_hash
from gateway.models import Account, WebSession
from gateway.rules import Duty
from grid_kernel import clock
from grid_kernel.auth import Actor, Grant
from grid_kernel.clock import today
from grid_kernel.runtime import Runtime

TOKEN_SECONDS = 60
_KEPT = 20_000
_SEEN_EVERY = timedelta(minutes=1)
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
SAFE_HEADER = b"x-grid-request"


@dataclass(frozen=True, slots=True)
class _Known:
    token: bytes
    account_id: UUID
    until: float


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account with what it may do now."""

    account: Account
    grants: tuple[Grant, ...]
    duty: Duty | None

    @property
    def actor(self) -> Actor:
        """The account as the services see it."""
        return Actor(kind="account", id=str(self.account.id), grants=self.grants)


async def signed_in(session: AsyncSession, account: Account, now: datetime) -> SignedIn:
    """What an account may do at a moment."""
    day = today(now)
    duty = await queries.duty_of(session, account.id, day, rules.half_of(now))
    held = await queries.held_by(session, account.id)
    return SignedIn(account, rules.effective_grants(held, account.id, duty, day), duty)


class Sessions:
    """The open sessions this process knows."""

    def __init__(self, runtime: Runtime, *, secure: bool) -> None:
        self._runtime = runtime
        self.cookie = "__Host-grid" if secure else "grid"
        self._prefix = f"{self.cookie}=".encode()
        self.secure = secure
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._forgotten = 0
        self.on_forgotten: Callable[[str | None], None] = lambda _: None
        """Told which account's open pages have to look again; None means everybody's."""

    async def authorise(self, scope: Scope) -> bytes | None:
        """The bearer token of a request, None for nobody; CrossSite when another site's page sent it."""
        secret = self.secret_of(scope["headers"])
        if secret is None:
            return None
        if scope["method"] not in _SAFE:
            check_same_site(scope["headers"])
        known = self._known.get(secret)
        if known is None or known.until <= time.monotonic():
            known = await self._look_up(secret)
            if known is None:
                return None
        return known.token

    def secret_of(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """The secret of our cookie, None without one."""
        for name, value in headers:
            if name == b"cookie":
                for part in value.split(b";"):
                    if (pair := part.strip()).startswith(self._prefix):
                        return pair[len(self._prefix) :] or None
        return None

    async def still_open(self, headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
        """The token of a session as it is now, None when it has ended. Asking does not keep the session alive."""
        secret = self.secret_of(headers)
        known = self._known.get(secret) if secret else None
        if secret and (known is None or known.until <= time.monotonic()):
            known = await self._look_up(secret, alive=False)
        return known.token if known else None

    async def _look_up(self, secret: bytes, *, alive: bool = True) -> _Known | None:
        now, forgotten = clock.now(), self._forgotten
        async with self._runtime.system_session() as session:
            found = await queries.web_session(session, secret_hash(secret.decode("ascii", "replace")))
            if found is None or _ended(found[0], now):
                self._known.pop(secret, None)
                return None
            open_session, account = found
            if alive and now - open_session.seen_at >= _SEEN_EVERY:
                open_session.seen_at = now
            actor = (await signed_in(session, account, now)).actor
        # The token outlives its place in the memory, so that no request starts with one about to expire.
        token = self._runtime.signer.mint(actor, now=now, seconds=2 * TOKEN_SECONDS)
        known = _Known(token.encode(), account.id, time.monotonic() + TOKEN_SECONDS)
        # What was read while a change was being stored may be older than the change: it serves this request only.
        # Kept for an open page, it would hide the next real request from `seen_at`.
        if alive and forgotten == self._forgotten:
            self._keep(secret, known)
        return known

    def _keep(self, secret: bytes, known: _Known) -> None:
        self._known[secret] = known
        self._known.move_to_end(secret)
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)

    def forget(self, session: AsyncSession, *account_ids: UUID | None) -> None:
        """Drop what is known of accounts once a change of them is stored: their next request looks anew."""
        gone = set(account_ids)

        def drop(_: Session) -> None:
            self._forgotten += 1
            for secret in [secret for secret, known in self._known.items() if known.account_id in gone]:
                del self._known[secret]
            for account_id in gone - {None}:
                self.on_forgotten(str(account_id))

        event.listen(session.sync_session, "after_commit", drop, once=True)

    def forget_secret(self, session: AsyncSession, secret: bytes) -> None:
        """Drop what is known of one browser's session once its end is stored."""

        def drop(_: Session) -> None:
            self._forgotten += 1
            known = self._known.pop(secret, None)
            self.on_forgotten(str(known.account_id) if known else None)

        event.listen(session.sync_session, "after_commit", drop, once=True)


def _ended(found: WebSession, now: datetime) -> bool:
    return rules.session_ended(found.seen_at, found.started_at, kept=found.kept, now=now)


def check_same_site(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a change that a page of another site sends with our cookie (Fetch Metadata, else Origin, else header)."""
    found = {name: value for name, value in headers if name in {b"sec-fetch-site", b"origin", b"host", SAFE_HEADER}}
    if (site := found.get(b"sec-fetch-site")) is not None:
        allowed = site in {b"same-origin", b"none"}
    elif (origin := found.get(b"origin")) is not None:
        allowed = urlsplit(origin.decode("ascii", "replace")).netloc == found.get(b"host", b"").decode(
            "ascii", "replace"
        )
    else:
        allowed = SAFE_HEADER in found
    if not allowed:
        raise rules.CrossSite
