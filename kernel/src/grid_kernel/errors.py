"""Every expected refusal is a class with a status and a code; its words are in the labels.

Refusal
├── InvalidInput 400         ├── NotFound 404        ├── TooLarge 413
├── Unauthenticated 401      ├── WrongState 409      ├── KeyReused 422
├── Forbidden 403            ├── KeyInUse 409        ├── VersionRequired 428
├── TooManyRequests 429      ├── Stale 412           ├── Overloaded 503 / Unavailable 503
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import orjson
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from pydantic.alias_generators import to_camel
from starlette.exceptions import HTTPException
from starlette.types import Scope

from grid_kernel import tracing
from grid_kernel.labels import Labels, Language, preferred_language

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one member: a JSON pointer (`#/query/…`, `/body member`) and the code of its message."""

    pointer: str
    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """An answer other than yes. Parameters fill the placeholders of its title and detail."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        **params: object,
    ) -> None:
        super().__init__(self.code)
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.params = params


class InvalidInput(Refusal):
    """What was sent cannot be understood or is not allowed; every member at fault is named."""

    status, code = 400, "invalid-input"

    @classmethod
    def at(cls, pointer: str, code: str, **params: object) -> "InvalidInput":
        """One member at fault."""
        return cls(errors=[FieldError(pointer, code, params)])


class Unauthenticated(Refusal):
    """Nobody is signed in."""

    status, code = 401, "unauthenticated"


class Forbidden(Refusal):
    """The caller may see it but not do this."""

    status, code = 403, "forbidden"


class NotFound(Refusal):
    """There is no such thing in the caller's area; outside it looks the same."""

    status, code = 404, "not-found"


class MethodNotAllowed(Refusal):
    """The resource exists, the method does not."""

    status, code = 405, "method-not-allowed"


class WrongState(Refusal):
    """The thing is in a state that does not allow this."""

    status, code = 409, "wrong-state"


class KeyInUse(Refusal):
    """A request with the same Idempotency-Key is still running."""

    status, code = 409, "idempotency-key-in-use"


class Stale(Refusal):
    """Somebody changed it in between."""

    status, code = 412, "stale"


class TooLarge(Refusal):
    """More bytes than are taken."""

    status, code = 413, "too-large"


class KeyReused(Refusal):
    """The Idempotency-Key was used with another body."""

    status, code = 422, "idempotency-key-reused"


class VersionRequired(Refusal):
    """A change must say which version it changes."""

    status, code = 428, "version-required"


class TooManyRequests(Refusal):
    """Too many tries in too short a time."""

    status, code = 429, "too-many-requests"


class InternalError(Refusal):
    """A fault of ours."""

    status, code = 500, "internal-error"


class Overloaded(Refusal):
    """More work at once than can be done well."""

    status, code = 503, "overloaded"


class Unavailable(Refusal):
    """A part needed for this answer does not answer."""

    status, code = 503, "unavailable"


_BY_STATUS: dict[int, type[Refusal]] = {
    404: NotFound,
    405: MethodNotAllowed,
    401: Unauthenticated,
    403: Forbidden,
    413: TooLarge,
}


def problem(refusal: Refusal, labels: Labels, language: Language, instance: str) -> dict[str, Any]:
    """The RFC 9457 body of a refusal."""
    params = dict(refusal.params)
    members: dict[str, Any] = {
        "type": f"urn:grid:problem:{refusal.code}",
        "status": refusal.status,
        "code": refusal.code,
        "title": labels.text(language, "refusals", refusal.code, "title", **params),
        "detail": labels.text(language, "refusals", refusal.code, "detail", **params),
        "instance": instance,
        "traceId": tracing.current_trace_id(),
    }
    if refusal.errors:
        members["errors"] = [
            {
                "pointer": error.pointer,
                "code": error.code,
                "message": labels.text(language, "fields", error.code, **error.params),
            }
            for error in refusal.errors
        ]
    return members


def instance_of(scope: Scope) -> str:
    """The address as the caller used it: seen from outside, a service stands below its name."""
    path: str = scope["path"]
    service = getattr(getattr(scope.get("app"), "state", None), "service", None)
    return f"/api/{service}{path}" if service and path.startswith("/v1/") else path


def respond(request: Request, refusal: Refusal) -> Response:
    """A refusal as an HTTP answer in the caller's language."""
    language = preferred_language(request.headers.get("accept-language", ""))
    body = problem(refusal, request.app.state.labels, language, instance_of(request.scope))
    headers = refusal.headers | {"Content-Language": language.replace("_", "-")}
    return Response(orjson.dumps(body), refusal.status, headers, media_type=PROBLEM_JSON)


async def on_refusal(request: Request, refusal: Exception) -> Response:
    """Answer an expected refusal."""
    assert isinstance(refusal, Refusal)  # noqa: S101 - registered for this class only
    return respond(request, refusal)


async def on_invalid(request: Request, error: Exception) -> Response:
    """Answer 400 with every member at fault; what was sent is never repeated."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class only
    return respond(request, InvalidInput(errors=[_field_error(item) for item in error.errors()]))


async def on_http(request: Request, error: Exception) -> Response:
    """Answer what the framework itself refuses in the same form as everything else."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class only
    kind = _BY_STATUS.get(error.status_code, InvalidInput if error.status_code < 500 else InternalError)  # noqa: PLR2004
    return respond(request, kind(headers=error.headers))


def invalid_from(error: ValidationError) -> InvalidInput:
    """What a schema refused outside the request itself: an act of a batch, a row of an import."""
    return InvalidInput(errors=[_field_error(item | {"loc": ("body", *item["loc"])}) for item in error.errors()])


_KNOWN_MESSAGES = frozenset({
    "missing", "extra_forbidden", "string_too_long", "string_too_short", "string_pattern_mismatch", "enum",
    "literal_error", "date_from_datetime_parsing", "datetime_from_date_parsing", "uuid_parsing", "int_parsing",
    "float_parsing", "bool_parsing", "greater_than_equal", "less_than_equal", "greater_than", "less_than",
    "json_invalid", "too_long", "too_short", "timezone_aware", "list_type", "model_attributes_type", "string_type",
})  # fmt: skip


def _field_error(item: Mapping[str, Any]) -> FieldError:
    where, *path = item["loc"]
    names = [str(part) if isinstance(part, int) else re.sub(r"^body$", "", to_camel(str(part))) for part in path]
    pointer = "/" + "/".join(name.replace("~", "~0").replace("/", "~1") for name in names if name)
    pointer = pointer if where == "body" else f"#/{where}{pointer}"
    kind = str(item["type"])
    code = kind if kind in _KNOWN_MESSAGES else "not-acceptable"
    return FieldError(pointer, code.replace("_", "-"), {k: v for k, v in item.get("ctx", {}).items() if k != "error"})


def refusals(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """The `responses=` of a route that may refuse so."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        entry = by_status.setdefault(kind.status, {"description": ""})
        entry["description"] = " ".join(filter(None, [entry["description"], f"`{kind.code}`: {kind.__doc__}"]))
    return by_status
