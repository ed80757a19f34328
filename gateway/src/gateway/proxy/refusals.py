"""What the proxy itself refuses, and how it says so."""

import random

import orjson
from starlette.types import Scope, Send

from grid_kernel.errors import PROBLEM_JSON, Overloaded, Refusal, Unavailable, problem
from grid_kernel.labels import Labels, preferred_language
from grid_kernel.middleware import SECURITY_HEADERS
from grid_kernel.upstream import UpstreamBusy, UpstreamError, UpstreamTimeout, UpstreamUnavailable

_ALWAYS = [(name.lower().encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]


class MalformedRequest(Refusal):
    """The request could be read in two ways, or its address is not one of ours."""

    status, code = 400, "malformed-request"


class ClientTooSlow(Refusal):
    """The body did not arrive in time."""

    status, code = 408, "request-time-out"


class HeadersTooLarge(Refusal):
    """More or longer headers than are taken."""

    status, code = 431, "headers-too-large"


class BadGateway(Refusal):
    """The service broke off, or answered in a way that cannot be passed on."""

    status, code = 502, "bad-gateway"


class GatewayTimeout(Refusal):
    """The service did not answer in time."""

    status, code = 504, "gateway-time-out"


def of_upstream(error: UpstreamError) -> Refusal:
    """What a failure of the upstream means for the caller."""
    if isinstance(error, UpstreamBusy):
        return Overloaded(headers=come_again())
    if isinstance(error, UpstreamUnavailable):
        return Unavailable(headers=come_again())
    return GatewayTimeout() if isinstance(error, UpstreamTimeout) else BadGateway()


def come_again() -> dict[str, str]:
    """When to come again, different for each so that not all come at once."""
    return {"Retry-After": str(random.randint(1, 5))}  # noqa: S311 - spreads the returns, guards nothing


async def refuse(
    refusal: Refusal, scope: Scope, send: Send, *, labels: Labels, trace_id: str, more: list[tuple[bytes, bytes]]
) -> None:
    """Answer with a problem in the caller's language."""
    wanted = next((value for name, value in scope["headers"] if name == b"accept-language"), b"")
    language = preferred_language(wanted.decode("latin-1"))
    members = problem(refusal, labels, language, scope["path"]) | {"traceId": trace_id}
    body = orjson.dumps(members)
    headers = [
        (b"content-type", PROBLEM_JSON.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"content-language", language.replace("_", "-").encode()),
        *_ALWAYS,
        *((name.lower().encode(), value.encode()) for name, value in refusal.headers.items()),
        *more,
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
