"""What the services say to each other keeps its promises."""

import copy
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.contracts import event_documents, house

from grid_kernel.contracts import asyncapi
from grid_kernel.events import REGISTRY

EVENTS = list(asyncapi.said_events().values())
SUBJECT = re.compile(r"^grid\.(population|approval|gis|dispute|gateway)\.([a-z_]+)\.([a-z_]+)\.v[1-9][0-9]*$")
PAST = re.compile(r"(ed|drawn|split|left|taken)$")
# Members that would carry a person, a free text or a point.
FORBIDDEN = re.compile(
    r"(^|_)(name|names|phone|telephone|mobile|id_number|id_no|login|text|note|notes|reason|title|description|comment|"
    r"address|birth|birth_date|age|sex|lon|lat|longitude|latitude|point|location|geometry|contact|email|photo)($|_)"
)
# The name of a unit and of a holiday is no name of a person.
NAMES_OF_THINGS = {
    ("grid.gateway.unit.registered.v1", "name"),
    ("grid.gateway.unit.changed.v1", "name"),
    ("grid.gateway.calendar_day.changed.v1", "name"),
}
# Agreed on in the contracts; their features are not built yet.
NOT_BUILT_YET = {
    "grid.dispute.case.follow_up_requested.v1",
    "grid.dispute.mediation.agreed.v1",
}


def test_a_subject_names_one_publisher_and_something_that_happened() -> None:
    for kind in EVENTS:
        match = SUBJECT.match(kind.subject)
        assert match, kind.subject
        assert match[1] in house.PACKAGES
        assert PAST.search(match[3]), f"{kind.subject} is not in the past tense"


def test_an_event_is_explained_in_one_sentence() -> None:
    for kind in EVENTS:
        sentence = asyncapi.sentence(kind)
        assert sentence.endswith("."), kind
        assert sentence[0].isupper() or sentence.split()[0] in house.PACKAGES
        assert sentence.count(". ") == 0, f"{kind.subject} needs more than one sentence"


def test_an_event_carries_no_person_no_text_and_no_point() -> None:
    suspicious = {(kind.subject, name) for kind in EVENTS for name in kind.model_fields if FORBIDDEN.search(name)}
    assert suspicious - NAMES_OF_THINGS == set()


def test_no_two_events_share_a_name() -> None:
    names = [kind.__name__ for kind in EVENTS]
    assert len(names) == len(set(names))


def test_the_promises_are_kept() -> None:
    now = event_documents.golden()
    promised = event_documents.promised()
    broken = {subject: event_documents.breaks(old, now[subject]) for subject, old in promised.items() if subject in now}
    assert {subject: faults for subject, faults in broken.items() if faults} == {}
    assert set(promised) - set(now) == set(), "an event that was promised is gone"


def test_the_documents_are_what_the_contracts_say() -> None:
    texts = event_documents.texts()
    stale = [str(path) for path, text in texts.items() if _read(path) != text]
    assert stale == [], "run `make contracts` and look at the difference"
    kept = {path.relative_to(event_documents.FOLDER) for path in event_documents.FOLDER.rglob("*") if path.is_file()}
    assert kept - set(texts) == set()


def test_a_service_hears_only_what_somebody_says() -> None:
    said = set(asyncapi.said_events().values())
    for service in house.descriptions():
        assert set(service.handlers) <= said
        assert {kind for kind in service.handlers if kind.publisher() == service.name} == set()


def test_what_nobody_says_is_known() -> None:
    assert set(event_documents.unsaid()) == NOT_BUILT_YET


def test_every_question_is_answered_by_its_owner() -> None:
    answered = {question.subject: service.name for service in house.descriptions() for question in service.answers}
    assert answered == {subject: question.service for subject, question in asyncapi.questions().items()}
    for question in asyncapi.questions().values():
        assert question.askers <= set(house.PACKAGES)


def test_the_document_knows_every_event_and_who_hears_it() -> None:
    document = asyncapi.document(house.descriptions())
    assert document["asyncapi"].startswith("3.0")
    assert set(document["channels"]) == set(asyncapi.said_events()) | set(asyncapi.questions())
    assert len({kind.subject for kind in EVENTS}) == len(EVENTS) <= len(REGISTRY)
    for reference in _references(document):
        assert _resolves(document, reference), reference


def _changed(change: str) -> tuple[dict[str, Any], dict[str, Any]]:
    old = event_documents.golden()["grid.population.household.visited.v1"]
    new = copy.deepcopy(old)
    data = new["properties"]["data"]
    match change:
        case "an optional member more":
            data["properties"]["mood"] = {"type": "string", "default": None}
        case "a better sentence":
            new["description"] = data["properties"]["outcome"]["title"] = "Better."
        case "a required member more":
            data["properties"]["mood"] = {"type": "string"}
            data["required"].append("mood")
        case "a member less":
            del data["properties"]["visitedOn"]
        case "another type":
            data["properties"]["visitId"] = {"type": "integer"}
        case "one value less":
            data["properties"]["outcome"]["enum"].pop()
        case "no longer required":
            data["required"].remove("outcome")
        case "another envelope":
            new["properties"]["sequence"]["minimum"] = 0
    return old, new


@pytest.mark.parametrize("change", ["an optional member more", "a better sentence"])
def test_a_promise_may_grow(change: str) -> None:
    assert event_documents.breaks(*_changed(change)) == []


HARMS = "a required member more|a member less|another type|one value less|no longer required|another envelope"


@pytest.mark.parametrize("change", HARMS.split("|"))
def test_every_other_change_breaks_a_promise(change: str) -> None:
    assert event_documents.breaks(*_changed(change)) != []


def _read(path: Any) -> str | None:
    target = event_documents.FOLDER / path
    return target.read_text("utf-8") if target.exists() else None


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


def _resolves(document: dict[str, Any], reference: str) -> bool:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
        if isinstance(node, dict) and isinstance(further := node.get("$ref"), str) and not _resolves(document, further):
            return False
        if isinstance(node, dict) and "$ref" in node:
            node = _at(document, node["$ref"])
    return True


def _at(document: dict[str, Any], reference: str) -> Any:
    node: Any = document
    for part in reference.removeprefix("#/").split("/"):
        node = node[part]
    return node
