"""Live updates: what is said on the stream, fanned out to the open pages of this process, each in its own scope.

One reader per process remembers the last changes, so that a page that lost its connection goes on where it was; one
that was away too long, or cannot keep up, is told to load anew. Nothing here holds what the services own: a change is
a reference, and whoever gets it asks with its own rights.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import orjson
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from gateway.rules import Change, sees_change
from grid_kernel.auth import Actor
from grid_kernel.bus import STREAM, SUBJECTS
from grid_kernel.errors import Overloaded
from grid_kernel.runtime import Runtime

log = logging.getLogger(__name__)

REMEMBERED: Final = 2_000
WAITING: Final = 256
PAGES: Final = 2_000
PAGES_OF_ACCOUNT: Final = 10
HEARTBEAT_SECONDS: Final = 15.0
RETRY_MILLISECONDS: Final = 3_000
_FETCH: Final = 64
_FETCH_SECONDS: Final = 0.25
_FORGOTTEN_AFTER_SECONDS: Final = 60.0

StillSignedIn = Callable[[], Awaitable[Actor | None]]


class Listener:
    """One open page: what waits for it, and whether it has fallen behind."""

    def __init__(self, account_id: str) -> None:
        self.account_id = account_id
        self._behind = False
        self._waiting: deque[Change] = deque()
        self._woken = asyncio.Event()
        self.look_again = False

    def offer(self, change: Change) -> None:
        """Keep a change for the page; a page that does not read loses its place, never our memory."""
        if len(self._waiting) >= WAITING:
            self._waiting.clear()
            self._behind = True
        self._waiting.append(change)
        self._woken.set()

    def fell_behind(self) -> bool:
        """Whether changes were dropped since this was asked last."""
        behind, self._behind = self._behind, False
        return behind

    def wake(self) -> None:
        """Let the page look whether it is still signed in."""
        self.look_again = True
        self._woken.set()

    async def changes(self, within: float) -> list[Change]:
        """What came within so many seconds; empty after silence."""
        try:
            async with asyncio.timeout(within):
                await self._woken.wait()
        except TimeoutError:
            return []
        self._woken.clear()
        found = list(self._waiting)
        self._waiting.clear()
        return found


class Live:
    """Reads the stream once for all pages of this process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._recent: deque[Change] = deque(maxlen=REMEMBERED)
        self._listeners: set[Listener] = set()
        self._last = 0
        self._leaving = False

    async def run(self) -> None:
        """Read until the process stops; a broker that is away is waited for, and nothing is missed meanwhile."""
        runtime = self._runtime
        while not runtime.stopping.is_set():
            try:
                await runtime.bus.connected.wait()
                await self._read()
            except (NatsError, TimeoutError, OSError) as error:
                log.warning("live updates start over: %s", type(error).__name__)
            await asyncio.sleep(0.5)

    async def _read(self) -> None:
        await self._runtime.bus.ensure_stream()
        stream = self._runtime.bus.jetstream
        begin = self._last + 1
        if not self._last:
            state = (await stream.stream_info(STREAM)).state
            begin = max(state.first_seq, state.last_seq - REMEMBERED + 1, 1)
            self._last = begin - 1
        config = ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=begin,
            inactive_threshold=_FORGOTTEN_AFTER_SECONDS,
            mem_storage=True,
        )
        subscription = await stream.pull_subscribe(SUBJECTS, stream=STREAM, config=config)
        try:
            while not self._runtime.stopping.is_set():
                try:
                    messages = await subscription.fetch(_FETCH, timeout=_FETCH_SECONDS)
                except TimeoutError:
                    if not self._runtime.bus.connected.is_set():
                        return
                    continue
                for message in messages:
                    self.take(message.metadata.sequence.stream, message.data)
        finally:
            await self._forget(subscription)

    @staticmethod
    async def _forget(subscription: Any) -> None:
        try:
            async with asyncio.timeout(1):
                await subscription.unsubscribe()
        except (NatsError, NotFoundError, TimeoutError, OSError):
            log.debug("the broker forgets the reader by itself")

    def take(self, sequence: int, body: bytes) -> None:
        """Remember a change and offer it to whoever sees it."""
        self._last = max(self._last, sequence)
        try:
            change = change_of(sequence, body)
        except (ValueError, KeyError, TypeError):
            log.warning("something on the stream is no event", extra={"sequence": sequence})
            return
        self._recent.append(change)
        for listener in self._listeners:
            listener.offer(change)

    def recheck(self, account_id: str | None) -> None:
        """Let the pages of an account (of everybody, when none is named) look whether they are still signed in."""
        for listener in self._listeners:
            if account_id is None or listener.account_id == account_id:
                listener.wake()

    def leave(self) -> None:
        """End all pages: the process stops."""
        self._leaving = True
        self.recheck(None)

    def check_room(self, account_id: str) -> None:
        """Refuse a page when there are too many already, of this account or of all."""
        own = sum(listener.account_id == account_id for listener in self._listeners)
        if len(self._listeners) >= PAGES or own >= PAGES_OF_ACCOUNT:
            raise Overloaded(headers={"Retry-After": "30"})

    @contextmanager
    def listening(self, account_id: str) -> Iterator[Listener]:
        """A place among the open pages."""
        listener = Listener(account_id)
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    async def follow(
        self, listener: Listener, actor: Actor, area: str, since: int | None, still: StillSignedIn
    ) -> AsyncIterator[bytes]:
        """The text of the stream: what was missed, then what comes, until the session or the process ends."""
        place = self._last
        yield self._greeting(actor, area, since)
        loop = asyncio.get_running_loop()
        looked_at = spoke_at = loop.time()
        while not (self._leaving or self._runtime.stopping.is_set()):
            changes = await listener.changes(HEARTBEAT_SECONDS)
            if listener.look_again or loop.time() - looked_at >= HEARTBEAT_SECONDS:
                listener.look_again, looked_at = False, loop.time()
                present = None if self._leaving else await still()
                if present is None:
                    return
                actor = present
            seen = [change for change in changes if change.sequence > place and sees_change(actor, area, change)]
            text = _reset(self._last) if listener.fell_behind() else b"".join(map(_written, seen))
            if not text and loop.time() - spoke_at >= HEARTBEAT_SECONDS:
                text = b": %d\n\n" % self._last
            if text:
                spoke_at = loop.time()
                yield text

    def _greeting(self, actor: Actor, area: str, since: int | None) -> bytes:
        """How a page begins: from now on, from where it was, or anew."""
        begin = b"retry: %d\n\n" % RETRY_MILLISECONDS
        if since is None:
            return begin + b"id: %d\nevent: ready\ndata: {}\n\n" % self._last
        if not self._remembers(since):
            return begin + _reset(self._last)
        missed = (change for change in self._recent if change.sequence > since)
        return begin + b"".join(_written(change) for change in missed if sees_change(actor, area, change))

    def _remembers(self, since: int) -> bool:
        """Whether everything after a place is still known here."""
        if since >= self._last:
            return since == self._last
        return bool(self._recent) and self._recent[0].sequence <= since + 1


def change_of(sequence: int, body: bytes) -> Change:
    """A message of the stream as a reference; whatever else it says stays out."""
    members = orjson.loads(body)
    data = members["data"]
    _, service, aggregate, *_ = str(members["type"]).split(".")
    units = {data.get(name) for name in ("unitCode", "leadUnit")} - {None}
    return Change(
        sequence=sequence,
        type=members["type"],
        service=service,
        aggregate=aggregate,
        id=members["aggregateid"],
        area_code=data.get("areaCode") or "",
        state=data.get("state"),
        occurred_at=members["time"],
        units=frozenset(units),
        account_id=data.get("accountId"),
        restricted=bool(data.get("restricted")),
    )


def _written(change: Change) -> bytes:
    told = {
        "type": change.type,
        "service": change.service,
        "aggregate": change.aggregate,
        "id": change.id,
        "areaCode": change.area_code,
        "state": change.state,
        "occurredAt": change.occurred_at,
    }
    return b"id: %d\nevent: change\ndata: %b\n\n" % (change.sequence, orjson.dumps(told))


def _reset(place: int) -> bytes:
    return b"id: %d\nevent: reset\ndata: {}\n\n" % place
