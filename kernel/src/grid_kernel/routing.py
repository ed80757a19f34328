"""The one route class: ETag of what is answered, Idempotency-Key of what is created."""

import functools
from collections.abc import Callable, Coroutine, Sequence
from contextvars import ContextVar
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute

from grid_kernel import idempotency
from grid_kernel.auth import CurrentActor
from grid_kernel.errors import InvalidInput, KeyInUse, KeyReused, Stale, VersionRequired, refusals

_answered: ContextVar[object] = ContextVar("answered", default=None)
_CREATED = 201


async def idempotency_key(
    _: Annotated[
        str | None,
        Header(alias="Idempotency-Key", min_length=8, max_length=200, description="Chosen by the caller, one per act."),
    ] = None,
) -> None:
    """Describe the key of a creating request; the transaction asks for it, once it is known who asks."""


class GridRoute(APIRoute):
    """A route that tells the version of what it answers, and answers the same request once."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.needs_key = False
        if "POST" in (options.get("methods") or ()) and options.get("status_code") == _CREATED:
            self.needs_key = True
            options["dependencies"] = [*(options.get("dependencies") or ()), Depends(idempotency_key)]
            options["responses"] = refusals(KeyInUse, KeyReused) | (options.get("responses") or {})
        super().__init__(path, _noting(endpoint), **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the framework's handler; the request's transaction is still open when it returns."""
        answer = super().get_route_handler()

        async def handle(request: Request) -> Response:
            _answered.set(None)
            request.state.needs_key = self.needs_key
            try:
                response = await answer(request)
            except idempotency.Replay as replay:
                return replay.response
            version = getattr(_answered.get(), "version", None)
            if isinstance(version, int):
                response.headers["ETag"] = f'"{version}"'
            if getattr(request.state, "idempotency", None):
                await idempotency.store(request, response, request.state.runtime.keys)
            return response

        return handle


def _noting(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(endpoint)
    async def noted(*args: Any, **kwargs: Any) -> Any:
        result = await endpoint(*args, **kwargs)
        _answered.set(result)
        return result

    return noted


class GridRouter(APIRouter):
    """A router whose every route is a GridRoute."""

    def __init__(self, *, prefix: str = "", tags: Sequence[str] = (), **options: Any) -> None:
        super().__init__(prefix=prefix, tags=list(tags), route_class=GridRoute, **options)


async def if_match(
    _: CurrentActor,  # who it is comes before what is asked
    header: Annotated[
        str | None, Header(alias="If-Match", description="The ETag of the version that is changed.")
    ] = None,
) -> int:
    """The version a change is made on."""
    if header is None:
        raise VersionRequired
    number = header.strip().removeprefix("W/").strip('"')
    if not (number.isascii() and number.isdigit() and len(number) < 10):  # noqa: PLR2004
        raise InvalidInput.at("#/header/If-Match", "etag-malformed")
    return int(number)


IfMatch = Annotated[int, Depends(if_match)]
CHANGED = refusals(Stale, VersionRequired)
"""The `responses=` of a route that takes If-Match."""
