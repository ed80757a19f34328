"""Reading the head of a request from outside, writing the one that goes inside, and back."""

import random
import re
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from gateway.proxy.refusals import HeadersTooLarge, MalformedRequest
from grid_kernel.errors import MethodNotAllowed, TooLarge

Header = tuple[bytes, bytes]

METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
# What a service may learn from a client. A list of what may pass forgets nothing; one of what may not always does.
PASSED: Final = frozenset({
    b"accept", b"accept-crs", b"accept-encoding", b"accept-language", b"cache-control", b"content-crs",
    b"content-disposition", b"content-encoding", b"content-language", b"content-type", b"idempotency-key", b"if-match",
    b"if-modified-since", b"if-none-match", b"if-range", b"if-unmodified-since", b"last-event-id", b"prefer", b"range",
    b"tracestate", b"user-agent",
})  # fmt: skip
# Read here; more than one of each is an attempt to be understood in two ways.
READ: Final = frozenset({b"host", b"content-length", b"transfer-encoding", b"traceparent"})
_MEANING: Final = dict.fromkeys(PASSED, True) | dict.fromkeys(READ, False)
# A service speaks for itself only by its token-bearing API: cookies, and what describes its own server, stay inside.
NOT_BACK: Final = frozenset({b"set-cookie", b"server", b"date", b"x-request-id", b"x-deadline-ms"})
_BODILESS: Final = frozenset({204, 304})

# Encoded slashes, dots and control characters, broken escapes, empty and dot segments, and bytes no address has.
_DECEPTIVE: Final = re.compile(
    rb"%(?:2[EFef]|5[Cc]|[01][0-9A-Fa-f]|7[Ff])|%(?![0-9A-Fa-f]{2})|//|/\.{1,2}(?:/|$)|[^!-~]|[\\#?]"
)
_QUERY: Final = re.compile(rb"[!-~]*")
_HOST: Final = re.compile(rb"[A-Za-z0-9._\-]{1,253}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")
_TRACEPARENT: Final = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_LONGEST_LENGTH: Final = 15


@dataclass(slots=True)
class RequestHead:
    """What of a request goes inside; `length` is None for a body in chunks, 0 for none."""

    headers: list[Header]
    length: int | None
    host: bytes
    traceparent: bytes


def new_request_id() -> str:
    """32 hexadecimal digits, also the trace id where the client brought none."""
    return f"{random.getrandbits(128):032x}"


def check_address(raw_path: bytes, query: bytes) -> None:
    """Refuse an address that the gateway and a service might read differently."""
    if _DECEPTIVE.search(raw_path) or not _QUERY.fullmatch(query):
        raise MalformedRequest


def read_head(scope: Scope, *, request_id: str, header_bytes: int, header_count: int, body_bytes: int) -> RequestHead:
    """Read and check the head of a request. Raises Refusal."""
    if scope["method"] not in METHODS:
        raise MethodNotAllowed
    given = scope["headers"]
    if len(given) > header_count:
        raise HeadersTooLarge
    passed: list[Header] = []
    read: dict[bytes, bytes] = {}
    size = 0
    for header in given:
        name, value = header
        size += len(name) + len(value)
        meaning = _MEANING.get(name)
        if meaning:
            passed.append(header)
        elif meaning is not None:
            if name in read:
                raise MalformedRequest
            read[name] = value
    if size > header_bytes:
        raise HeadersTooLarge
    host = read.get(b"host", b"")
    if not _HOST.fullmatch(host):
        raise MalformedRequest
    return RequestHead(passed, _length(read, scope, body_bytes), host, _traceparent(read, request_id))


def back(status: int, headers: list[Header], request_id: bytes) -> list[Header]:
    """The headers of an answer as they go outside."""
    kept = [header for header in headers if header[0] not in NOT_BACK]
    if status in _BODILESS:
        kept = [header for header in kept if header[0] != b"content-length"]
    kept.append((b"x-request-id", request_id))
    return kept


def _length(read: dict[bytes, bytes], scope: Scope, body_bytes: int) -> int | None:
    length, coding = read.get(b"content-length"), read.get(b"transfer-encoding")
    if coding is not None:
        if coding.lower() != b"chunked" or length is not None or scope["http_version"] != "1.1":
            raise MalformedRequest
        return None
    if length is None:
        return 0
    if not length.isdigit() or len(length) > _LONGEST_LENGTH:
        raise MalformedRequest
    if int(length) > body_bytes:
        raise TooLarge
    return int(length)


def _traceparent(read: dict[bytes, bytes], request_id: str) -> bytes:
    given = read.get(b"traceparent")
    if given is not None and _TRACEPARENT.fullmatch(given):
        return given
    return f"00-{request_id}-{request_id[:16]}-01".encode()
