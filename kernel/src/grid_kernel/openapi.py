"""The OpenAPI document of a service, made to say what really happens (NL API Design Rules)."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.alias_generators import to_camel

from grid_kernel.errors import PROBLEM_JSON

CONTACT = {"name": "青山区社区网格治理", "url": "https://example.org/grid", "email": "api@example.org"}
VERSION_HEADER = {"description": "Full version of the API.", "schema": {"type": "string"}}
_ALWAYS = {"400": "Invalid input.", "500": "A fault of ours.", "503": "Too much at once, or a part is away."}
_FRAMEWORK = {"HTTPValidationError", "ValidationError"}
_SCHEMAS = "#/components/schemas/"
_CLOSED = {"enum", "const"}  # they would have to name null as well
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem details.",
    "required": ["type", "status", "code", "title", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable name of the refusal."},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "traceId": {"type": ["string", "null"], "description": "To quote when asking about it."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def operation_id(route: APIRoute) -> str:
    """`forwardApplication` out of `forward_application`: the function's name is the operation's."""
    return to_camel(route.name)


def document(app: FastAPI, *, service: str) -> dict[str, Any]:
    """The document of an app, made once."""
    if app.openapi_schema is None:
        made = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            contact=CONTACT,
            servers=[{"url": f"/api/{service}/v1"}],
        )
        # What is not below /v1 follows other standards literally and has a document of its own.
        own = {path: item for path, item in made["paths"].items() if path.startswith("/v1/")}
        made["paths"] = {path.removeprefix("/v1"): item for path, item in own.items()}
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        pages = {name: schema["title"] for name, schema in schemas.items() if name.startswith("Page_")}
        kept = {pages.get(name, name): schema for name, schema in schemas.items() if name not in _FRAMEWORK}
        made["components"]["schemas"] = kept | {"Problem": PROBLEM}
        for path, item in made["paths"].items():
            for operation in item.values():
                _complete(path, operation)
        app.openapi_schema = _plain(made, {f"{_SCHEMAS}{name}": f"{_SCHEMAS}{title}" for name, title in pages.items()})
    return app.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    responses.pop("422", None) if "idempotency" not in str(responses.get("422", "")) else None
    for status, meaning in _ALWAYS.items():
        responses.setdefault(status, {"description": meaning})
    if operation.get("security"):
        responses.setdefault("401", {"description": "Nobody is signed in."})
        responses.setdefault("403", {"description": "The caller may not do this."})
    if "{" in path:
        responses.setdefault("404", {"description": "There is no such thing in the caller's area."})
    if "requestBody" in operation:
        responses.setdefault("413", {"description": "Too many bytes."})
    for parameter in operation.get("parameters", ()):
        # Asked for by the transaction, not by the framework: it would speak before it is known who asks.
        parameter["required"] |= parameter["name"] == "Idempotency-Key"
    for status, response in responses.items():
        response.setdefault("headers", {})["API-Version"] = VERSION_HEADER
        if status >= "400":
            response["content"] = {PROBLEM_JSON: {"schema": {"$ref": f"{_SCHEMAS}Problem"}}}
        if status == "503":
            response["headers"]["Retry-After"] = {"schema": {"type": "string"}}


def _plain(node: Any, renamed: Mapping[str, str]) -> Any:
    """Follow renamed schemas, and say `type: [string, null]` instead of a choice of two schemas."""
    if isinstance(node, list):
        return [_plain(each, renamed) for each in node]
    if not isinstance(node, dict):
        return renamed.get(node, node) if isinstance(node, str) else node
    plain = {name: _plain(value, renamed) for name, value in node.items()}
    match plain.get("anyOf"):
        case [{"type": str() as kind, **limits}, {"type": "null"}] if not limits.keys() & _CLOSED:
            del plain["anyOf"]
            return plain | limits | {"type": [kind, "null"]}
    return plain
