"""The bounds of one upstream; every wait and every buffer has one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UpstreamLimits:
    """Bounds of one origin's pool. Times are in seconds, sizes in bytes."""

    connections: int = 64
    waiting: int = 128
    wait_seconds: float = 2.0
    connect_seconds: float = 2.0
    first_byte_seconds: float = 30.0
    between_bytes_seconds: float = 30.0
    total_seconds: float = 3600.0
    # Below the five seconds after which uvicorn closes an idle connection, so that a request seldom meets a dead one.
    idle_seconds: float = 4.0
    head_bytes: int = 65_536
    header_count: int = 128
    buffer_bytes: int = 131_072
    retry_share: float = 0.1
    tick_seconds: float = 0.1
