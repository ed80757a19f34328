"""An OpenAPI 3.1 document as pages to read: operations with what goes in, what comes out, and what is refused."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

METHODS: Final = ("get", "post", "put", "patch", "delete")
COMMON: Final = frozenset({"labels", "code-tables", "audit", "attachments"})
"""What every service has stands last."""
_CODES: Final = re.compile(r"`([a-z-]+)`: (.*?)(?= `[a-z-]+`: |$)", re.DOTALL)
_FIRST_REFUSAL: Final = 400
_DEEPEST: Final = 3
_NO_VALUE: Final[Mapping[str, Any]] = {
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "array": [],
    "object": {},
    "null": None,
}
_BY_FORMAT: Final[Mapping[str, str]] = {
    "uuid": "0197e1a0-0000-7000-8000-000000000001",
    "date": "2026-11-23",
    "date-time": "2026-11-23T09:00:00+08:00",
    "password": "…",
}
_BY_NAME: Final[Mapping[str, str]] = {"Idempotency-Key": "9f1c3a52-7d1e-4a1b", "If-Match": '"1"'}

Node = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a body, or one parameter."""

    name: str
    kind: str
    required: bool
    note: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """What is sent, or what comes back."""

    name: str
    note: str
    members: Sequence[Member]


@dataclass(frozen=True, slots=True)
class Refused:
    """A status that is not the wanted one, with the code of the problem where it is told."""

    status: str
    code: str
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked of a service."""

    id: str
    method: str
    path: str
    summary: str
    signed_in: bool
    parameters: Sequence[Member]
    request: Body | None
    status: str
    answer: Body | None
    refusals: Sequence[Refused]
    example: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations on one resource."""

    name: str
    operations: Sequence[Operation]


@dataclass(frozen=True, slots=True)
class Reference:
    """One service."""

    title: str
    description: str
    version: str
    base: str
    groups: Sequence[Group]

    @property
    def count(self) -> int:
        """How many operations there are."""
        return sum(len(group.operations) for group in self.groups)


def reference_of(document: Node) -> Reference:
    """All operations of a document by resource, in the document's order."""
    reader = _Reader(document)
    groups: dict[str, list[Operation]] = {}
    for tag, operation in reader.operations():
        groups.setdefault(tag, []).append(operation)
    about = document["info"]
    return Reference(
        title=about["title"],
        description=about.get("description", ""),
        version=about["version"],
        base=reader.base,
        groups=[Group(name, groups[name]) for name in sorted(groups, key=COMMON.__contains__)],
    )


class _Reader:
    def __init__(self, document: Node) -> None:
        self._document = document
        self.base = document["servers"][0]["url"]

    def operations(self) -> Iterator[tuple[str, Operation]]:
        for path, item in self._document["paths"].items():
            for method in METHODS:
                if method in item:
                    told = item[method]
                    yield (told.get("tags") or ["–"])[0], self._operation(method, path, told)

    def _operation(self, method: str, path: str, told: Node) -> Operation:
        responses = {status: self._resolved(response) for status, response in told["responses"].items()}
        wanted = next((status for status in responses if int(status) < _FIRST_REFUSAL), "200")
        content = told.get("requestBody", {}).get("content", {})
        parameters = [self._parameter(self._resolved(one)) for one in told.get("parameters", ())]
        return Operation(
            id=told["operationId"],
            method=method.upper(),
            path=self.base + path,
            summary=told.get("description") or told.get("summary", ""),
            signed_in=bool(told.get("security")),
            parameters=parameters,
            request=self._body(content),
            status=wanted,
            answer=self._body(responses.get(wanted, {}).get("content", {})),
            refusals=[
                Refused(status, code, note)
                for status, response in sorted(responses.items())
                if int(status) >= _FIRST_REFUSAL
                for code, note in _CODES.findall(response["description"]) or [("", response["description"])]
            ],
            example=self._example(method, path, parameters, content, signed_in=bool(told.get("security"))),
        )

    def _parameter(self, told: Node) -> Member:
        kind, note = self._kind(told["schema"]), told.get("description", "")
        return Member(told["name"], kind, told.get("required", False), note, told["in"])

    def _body(self, content: Node) -> Body | None:
        schema = next((media.get("schema") for media in content.values() if media.get("schema")), None)
        if schema is None:
            return None
        resolved = self._resolved(schema)
        inner = self._resolved(resolved["items"]) if resolved.get("type") == "array" else resolved
        required = inner.get("required", ())
        members = [
            Member(name, self._kind(told), name in required, self._resolved(told).get("description", ""))
            for name, told in inner.get("properties", {}).items()
        ]
        return Body(self._kind(schema), inner.get("description", ""), members)

    def _kind(self, schema: Node) -> str:
        """The type of a schema in one word or two: `string (date)`, `[HouseholdRow]`, `a | b | null`."""
        if "$ref" in schema:
            target = self._resolved(schema)
            return (
                self._kind(target) if "enum" in target else str(target.get("title") or schema["$ref"].rsplit("/", 1)[1])
            )
        if (choices := schema.get("anyOf") or schema.get("oneOf")) is not None:
            return " | ".join(dict.fromkeys(self._kind(choice) for choice in choices))
        if "enum" in schema:
            return " | ".join(str(value) for value in schema["enum"])
        if "const" in schema:
            return str(schema["const"])
        if schema.get("type") == "array":
            return f"[{self._kind(schema.get('items', {}))}]"
        kind = schema.get("type", "any")
        written = " | ".join(kind) if isinstance(kind, list) else str(kind)
        return f"{written} ({schema['format']})" if "format" in schema else written

    def _resolved(self, schema: Node) -> Node:
        while "$ref" in schema:
            node: Any = self._document
            for key in schema["$ref"].removeprefix("#/").split("/"):
                node = node[key]
            schema = node
        return schema

    def _example(self, method: str, path: str, parameters: Sequence[Member], content: Node, *, signed_in: bool) -> str:
        verb = "" if method == "get" else f"-X {method.upper()} "
        session = " -b cookies.txt" if signed_in else ""
        lines = [f'curl {verb}"$GRID{self.base}{path}{_query(parameters)}"{session}']
        needed = (one.name for one in parameters if one.place == "header" and (one.required or one.name in _BY_NAME))
        lines += [f"-H '{name}: {_BY_NAME.get(name, '…')}'" for name in needed]
        if method != "get":
            lines.append("-H 'X-Grid-Request: 1'")
        if (media := content.get("application/json")) is not None:
            lines.append("-H 'Content-Type: application/json'")
            lines.append("-d '" + json.dumps(self._sample(media["schema"]), ensure_ascii=False) + "'")
        return " \\\n  ".join(lines)

    def _sample(self, schema: Node, depth: int = 0) -> Any:
        """A body with its required members."""
        schema = self._resolved(schema)
        if (given := schema.get("examples") or schema.get("enum")) is not None:
            return given[0]
        if (choices := schema.get("anyOf") or schema.get("oneOf")) is not None:
            return self._sample(choices[0], depth)
        if schema.get("properties") and depth < _DEEPEST:
            needed = [name for name in schema["properties"] if name in schema.get("required", ())]
            return {name: self._sample(schema["properties"][name], depth + 1) for name in needed}
        if schema.get("type") == "array" and schema.get("minItems") and depth < _DEEPEST:
            return [self._sample(schema["items"], depth + 1)]
        if schema.get("type") == "string":
            return _BY_FORMAT.get(schema.get("format", ""), "…")
        return _NO_VALUE.get(str(schema.get("type")), "…")


def _query(parameters: Sequence[Member]) -> str:
    needed = [f"{one.name}=…" for one in parameters if one.place == "query" and one.required]
    return "?" + "&".join(needed) if needed else ""
