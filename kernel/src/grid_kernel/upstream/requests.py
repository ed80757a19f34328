"""Writing requests: framed in one way, with nothing slipped into the head."""

import re
from collections.abc import AsyncIterable, Iterable
from functools import lru_cache
from typing import Final

from grid_kernel.upstream.answers import HOP_BY_HOP

Body = bytes | AsyncIterable[bytes]

_BODY_EXPECTED: Final = frozenset({b"POST", b"PUT", b"PATCH"})
_OURS: Final = HOP_BY_HOP | {b"host", b"content-length"}
_TOKEN: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_TARGET: Final = re.compile(rb"/[!-~]*|\*")


def request_bytes(
    method: bytes,
    target: bytes,
    host_line: bytes,
    headers: Iterable[tuple[bytes, bytes]],
    body: Body,
    length: int | None,
) -> bytes:
    """The head of a request, with its body when that is in hand; ValueError when it would say something else too."""
    lines = [b"%b %b HTTP/1.1\r\n" % (method, target), host_line]
    for name, value in headers:
        if not _may_send(name):
            raise ValueError(f"not a header a caller may send: {name!r}")
        lines.append(b"%b: %b\r\n" % (name, value))
    if not isinstance(body, bytes):
        lines.append(b"transfer-encoding: chunked\r\n" if length is None else b"content-length: %d\r\n" % length)
    elif body or method in _BODY_EXPECTED:
        lines.append(b"content-length: %d\r\n" % len(body))
    head = b"".join(lines)
    count = len(lines)
    if head.count(b"\n") != count or head.count(b"\r") != count or b"\0" in head:
        raise ValueError("a line break or a zero byte in the head of a request")
    if not _TARGET.fullmatch(target) or not _is_token(method):
        raise ValueError("not a request line")
    return b"%b\r\n%b" % (head, body) if isinstance(body, bytes) else head + b"\r\n"


def _is_token(name: bytes) -> bool:
    return _TOKEN.fullmatch(name) is not None


@lru_cache(maxsize=1024)
def _may_send(name: bytes) -> bool:
    """Whether a caller may set a header; framing, host and connection are the pool's."""
    return _is_token(name) and name.lower() not in _OURS
