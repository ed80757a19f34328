"""The connection to NATS: its options in one place, the one stream, and what the broker must promise."""

import asyncio
import logging

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig
from nats.js.errors import NotFoundError

log = logging.getLogger(__name__)

STREAM = "GRID"
SUBJECTS = "grid.>"
DUPLICATE_WINDOW_SECONDS = 20 * 60
MAX_BYTES = 8 * 1024**3
REQUEST_SECONDS = 5.0


def stream_config() -> StreamConfig:
    """The stream every event lives in: on file, atomic batches, deduplicated, full means refused."""
    return StreamConfig(
        name=STREAM,
        subjects=[SUBJECTS],
        storage=StorageType.FILE,
        retention=RetentionPolicy.LIMITS,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_WINDOW_SECONDS,
        max_bytes=MAX_BYTES,
        allow_atomic=True,
    )


class Bus:
    """One connection that never gives up. A service runs without the broker; its outbox waits."""

    def __init__(self, url: str, name: str) -> None:
        self.url = url
        self.name = name
        self.client = Client()
        self.connected = asyncio.Event()
        self._connecting: asyncio.Task[None] | None = None

    @classmethod
    async def connect(cls, url: str, *, name: str) -> "Bus":
        """Begin to connect; come back at once when the broker answers, else go on trying behind."""
        bus = cls(url, name)
        bus._connecting = asyncio.create_task(bus._keep_connecting())
        try:
            await asyncio.wait_for(bus.connected.wait(), 2)
        except TimeoutError:
            log.warning("the broker does not answer yet")
        return bus

    async def _keep_connecting(self) -> None:
        while not self.client.is_connected:
            try:
                await self.client.connect(
                    self.url,
                    name=self.name,
                    connect_timeout=2,
                    reconnect_time_wait=1,
                    max_reconnect_attempts=-1,
                    ping_interval=5,
                    max_outstanding_pings=2,
                    allow_reconnect=True,
                    error_cb=self._on_error,
                    disconnected_cb=self._on_lost,
                    reconnected_cb=self._on_found,
                    pending_size=8 * 1024 * 1024,
                )
            except (NatsError, OSError, TimeoutError) as error:
                log.debug("connecting to the broker failed: %s", type(error).__name__)
                await asyncio.sleep(1)
        self.connected.set()

    async def _on_error(self, error: Exception) -> None:
        log.debug("broker connection: %s", type(error).__name__)

    async def _on_lost(self) -> None:
        self.connected.clear()
        log.warning("the broker is away")

    async def _on_found(self) -> None:
        self.connected.set()
        log.info("the broker is back")

    @property
    def jetstream(self) -> JetStreamContext:
        """JetStream of this connection."""
        return self.client.jetstream(timeout=REQUEST_SECONDS)

    async def ensure_stream(self) -> None:
        """Create the stream, or correct one whose configuration drifted."""
        wanted = stream_config()
        try:
            found = (await self.jetstream.stream_info(STREAM)).config
        except NotFoundError:
            await self.jetstream.add_stream(wanted)
            return
        fields = ("discard", "duplicate_window", "max_bytes", "allow_atomic", "subjects")
        if any(getattr(found, field) != getattr(wanted, field) for field in fields):
            log.warning("the stream's configuration drifted and is corrected")
            await self.jetstream.update_stream(wanted)

    async def close(self) -> None:
        """Leave without waiting for a broker that is away."""
        if self._connecting is not None and not self._connecting.done():
            self._connecting.cancel()
        if not self.client.is_closed:
            await self.client.close()
