"""The AsyncAPI 3.0 document of everything the services say to each other, made from the registry and the questions."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from grid_kernel import contracts
from grid_kernel.ask import Question
from grid_kernel.events import ENVELOPE, REGISTRY, Event
from grid_kernel.listening import with_kernel_handlers
from grid_kernel.service import Service

Json = dict[str, Any]
VERSION = "0.1.0"
_CONTACT = {"name": "青山区社区网格治理", "url": "https://example.org/grid", "email": "api@example.org"}
_REF = "#/components/schemas/{model}"
_INTRODUCTION = (
    "Events are facts of the past in CloudEvents 1.0 structured JSON on the JetStream stream `GRID`; they carry "
    "identifiers, codes, states, areas and times, never personal data. `sequence` is the version of the aggregate: a "
    "consumer sets state and ignores a sequence it has already passed. Delivery is at least once; `id` tells "
    "repetitions apart. Questions are request and reply with a signed actor token in the header `Authorization`."
)


def said_events() -> dict[str, type[Event]]:
    """Every event that has a subject below `grid.`, by subject."""
    modules = {module.__name__ for module in vars(contracts).values() if hasattr(module, "__name__")}
    return {subject: kind for subject, kind in sorted(REGISTRY.items()) if kind.__module__ in modules}


def questions() -> dict[str, Question[Any, Any]]:
    """Every question of the contracts, by subject."""
    modules = [getattr(contracts, name) for name in contracts.__all__]
    found = [value for module in modules for value in vars(module).values() if isinstance(value, Question)]
    return {question.subject: question for question in sorted(found, key=lambda each: each.subject)}


def hearers(services: Iterable[Service]) -> dict[str, list[str]]:
    """Which services hear a subject of the contracts."""
    said = said_events()
    heard: dict[str, list[str]] = {}
    for service in services:
        for kind in with_kernel_handlers(service):
            if kind.subject in said:
                heard.setdefault(kind.subject, []).append(service.name)
    return {subject: sorted(names) for subject, names in heard.items()}


def message_schema(kind: type[Event], ref_template: str = "#/$defs/{model}") -> Json:
    """The JSON schema (2020-12) of an event as it travels: the CloudEvents envelope with its data."""
    data = kind.model_json_schema(by_alias=True, mode="validation", ref_template=ref_template)
    definitions = data.pop("$defs", None)
    for member in map(to_camel, ENVELOPE):
        data["properties"].pop(member)
        data["required"].remove(member)
    members: Json = {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid", "description": "Tells a repetition from a new event."},
        "source": {"const": f"/grid/{kind.publisher()}"},
        "type": {"const": kind.subject},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        "aggregateid": {"type": "string", "format": "uuid"},
        "sequence": {"type": "integer", "minimum": 1, "description": "The version of the aggregate."},
        "traceparent": {"type": "string", "description": "W3C trace context."},
        "data": {name: value for name, value in data.items() if name not in {"title", "description"}},
    }
    required = [name for name in members if name != "traceparent"]
    schema: Json = {"title": kind.__name__, "description": sentence(kind), "type": "object"}
    schema |= {"properties": members, "required": required}
    return schema | ({"$defs": definitions} if definitions else {})


def sentence(thing: type) -> str:
    """The docstring in one line."""
    return " ".join((thing.__doc__ or "").split())


def document(services: Iterable[Service]) -> Json:
    """The whole document; the services say who hears what."""
    listening = hearers(services)
    made: Json = {
        "asyncapi": "3.0.0",
        "id": "urn:grid:events",
        "info": {
            "title": "青山区社区网格治理: events and questions",
            "version": VERSION,
            "description": _INTRODUCTION,
            "contact": _CONTACT,
            "tags": [{"name": name} for name in sorted({kind.publisher() for kind in said_events().values()})],
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "nats": {
                "host": "{address}",
                "protocol": "nats",
                "description": "NATS with JetStream.",
                "variables": {"address": {"default": "127.0.0.1:42220", "description": "Host and port of the broker."}},
            }
        },
        "channels": {},
        "operations": {},
        "components": {"messages": {}, "schemas": {}},
    }
    for kind in said_events().values():
        _add_event(made, kind, listening.get(kind.subject, []))
    for question in questions().values():
        _add_question(made, question)
    return made


def _add_event(made: Json, kind: type[Event], heard_by: list[str]) -> None:
    name, subject = kind.__name__, kind.subject
    schema = message_schema(kind, _REF)
    made["components"]["schemas"] |= schema.pop("$defs", {}) | {name: schema}
    made["components"]["messages"][name] = {
        "name": subject,
        "title": name,
        "summary": sentence(kind),
        "contentType": "application/cloudevents+json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }
    made["channels"][subject] = _channel(subject, sentence(kind), {name: f"#/components/messages/{name}"})
    made["operations"][f"{kind.publisher()}.says.{name}"] = _operation("send", subject, [name], kind.publisher(), kind)
    for hearer in heard_by:
        made["operations"][f"{hearer}.hears.{name}"] = _operation("receive", subject, [name], hearer, kind)


def _add_question(made: Json, question: Question[Any, Any]) -> None:
    subject = question.subject
    messages = {
        model.__name__: f"#/components/messages/{model.__name__}" for model in (question.asks, question.answers)
    }
    for model in (question.asks, question.answers):
        schema = model.model_json_schema(by_alias=True, mode="validation", ref_template=_REF)
        made["components"]["schemas"] |= schema.pop("$defs", {}) | {model.__name__: schema}
        made["components"]["messages"][model.__name__] = {
            "name": model.__name__,
            "title": model.__name__,
            "summary": sentence(model),
            "contentType": "application/json",
            "payload": {"$ref": f"#/components/schemas/{model.__name__}"},
        }
    made["channels"][subject] = _channel(subject, sentence(question.asks), messages)
    reply = {
        "address": {"description": "The inbox of the asker.", "location": "$message.header#/reply"},
        "channel": {"$ref": f"#/channels/{_pointer(subject)}"},
        "messages": [{"$ref": f"#/channels/{_pointer(subject)}/messages/{question.answers.__name__}"}],
    }
    answers = _operation("receive", subject, [question.asks.__name__], question.service, question.asks)
    answers["description"] = f"Who may ask: {', '.join(sorted(question.askers))}."
    made["operations"][f"{question.service}.answers.{question.name}"] = answers | {"reply": reply}


def _channel(subject: str, description: str, messages: Mapping[str, str]) -> Json:
    return {
        "address": subject,
        "description": description,
        "servers": [{"$ref": "#/servers/nats"}],
        "messages": {name: {"$ref": reference} for name, reference in messages.items()},
    }


def _operation(action: str, subject: str, messages: list[str], service: str, kind: type[BaseModel]) -> Json:
    channel = f"#/channels/{_pointer(subject)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "summary": sentence(kind),
        "description": f"{service} {'says' if action == 'send' else 'hears'} this.",
        "tags": [{"name": service}],
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in messages],
    }


def _pointer(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
