"""Every operation of the five documents says what the kernel promises of it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.contracts import house

from grid_kernel.labels import LANGUAGES, Labels

CAMEL = re.compile(r"^[a-z][a-z0-9]*([A-Z][a-z0-9]*)*$")
# What would put a person, a text about one, or a secret into a URL and so into every log on the way.
PERSONAL = re.compile(
    r"^(name|phone|telephone|mobile|idNumber|idNo|birthDate|sex|age|address|query|q|search|text|lon|lat|code6|"
    r"verificationCode|secret|token|password|receiptCode|login|person(Name|Phone)|contact)$"
)
# Operation and parameter that look personal and are not: a code table, and an account of the office.
# A word for a service item, and a filter that fits half of everybody, are nobody's data.
HARMLESS = {("getCodeTable", "name"), ("listAccounts", "login"), ("listItems", "q"), ("listPersons", "sex")}


@dataclass(frozen=True)
class Operation:
    """One operation of one service."""

    service: str
    method: str
    path: str
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """What a failing test shows."""
        return f"{self.service} {self.method.upper()} {self.path}"

    def parameters(self, *places: str) -> dict[str, dict[str, Any]]:
        """Parameters in these places, by name."""
        return {each["name"]: each for each in self.body.get("parameters", []) if each["in"] in places}

    @property
    def answers(self) -> dict[str, dict[str, Any]]:
        """What it may answer, by status."""
        found: dict[str, dict[str, Any]] = self.body["responses"]
        return found

    @property
    def creates(self) -> bool:
        """Whether a repetition must not create twice."""
        return self.method == "post" and "201" in self.body["responses"]


OPERATIONS = [
    Operation(service, method, path, body)
    for service in house.PACKAGES
    for path, item in house.openapi(service)["paths"].items()
    for method, body in item.items()
]


@pytest.mark.parametrize("service", house.PACKAGES)
def test_a_document_says_whose_it_is_and_where_it_is_served(service: str) -> None:
    document = house.openapi(service)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": f"/api/{service}/v1"}]
    assert set(document["info"]["contact"]) == {"name", "url", "email"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    assert document["info"]["description"]
    assert len(document["paths"]) >= 10


@pytest.mark.parametrize("service", house.PACKAGES)
def test_the_names_of_operations_are_unique(service: str) -> None:
    names = [operation.body["operationId"] for operation in OPERATIONS if operation.service == service]
    assert sorted(set(names)) == sorted(names)
    assert all(CAMEL.match(name) for name in names)


@pytest.mark.parametrize("service", house.PACKAGES)
def test_members_are_in_camel_case(service: str) -> None:
    schemas = house.openapi(service)["components"]["schemas"]
    wrong = {f"{name}.{member}" for name, schema in schemas.items() for member in schema.get("properties", {})}
    assert {each for each in wrong if not CAMEL.match(each.split(".")[1])} == set()


@pytest.mark.parametrize("service", house.PACKAGES)
def test_every_reference_leads_somewhere(service: str) -> None:
    document = house.openapi(service)
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert set(_references(document)) <= known


def test_an_operation_is_described_and_filed() -> None:
    assert _wrong(lambda each: each.body["summary"] and each.body.get("description") and each.body["tags"]) == []


def test_an_operation_names_every_refusal_the_kernel_may_give() -> None:
    assert _wrong(lambda each: _refusals(each) <= set(each.body["responses"])) == []


def test_a_creating_operation_and_no_other_takes_an_idempotency_key() -> None:
    assert _wrong(lambda each: ("Idempotency-Key" in each.parameters("header")) == each.creates) == []


def test_every_answer_carries_the_version_of_the_api() -> None:
    assert _wrong(lambda each: all("API-Version" in answer["headers"] for answer in each.answers.values())) == []


def test_every_refusal_is_a_problem_and_every_other_answer_has_a_shape() -> None:
    assert _wrong(lambda each: all(_is_shaped(status, answer) for status, answer in each.answers.items())) == []


def test_no_personal_data_goes_into_an_address() -> None:
    found = {
        (each.body["operationId"], name)
        for each in OPERATIONS
        for name in each.parameters("query", "path")
        if PERSONAL.match(name)
    }
    assert found - HARMLESS == set()


def test_query_parameters_are_in_camel_case() -> None:
    assert _wrong(lambda each: all(CAMEL.match(name) for name in each.parameters("query"))) == []


def _wrong(holds: Callable[[Operation], object]) -> list[str]:
    return [operation.name for operation in OPERATIONS if not holds(operation)]


def _refusals(operation: Operation) -> set[str]:
    expected = {"400", "500", "503"}
    expected |= {"401", "403"} if operation.body.get("security") else set()
    expected |= {"404"} if "{" in operation.path else set()
    expected |= {"409", "422"} if operation.creates else set()
    expected |= {"412", "428"} if "If-Match" in operation.parameters("header") else set()
    expected |= {"413"} if "requestBody" in operation.body else set()
    return expected


def _is_shaped(status: str, answer: dict[str, Any]) -> bool:
    if status >= "400":
        return set(answer["content"]) == {"application/problem+json"}
    return bool(answer["description"]) and (status in {"204", "304"} or bool(answer.get("content")))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        node = list(node.values())
    if isinstance(node, list):
        for each in node:
            yield from _references(each)


@pytest.mark.parametrize("service", house.PACKAGES)
def test_every_value_of_an_enum_has_words_in_both_languages(service: str) -> None:
    labels = Labels.load("grid_kernel", house.PACKAGES[service])
    schemas = house.openapi(service)["components"]["schemas"]
    enums = {name: set(each["enum"]) for name, each in schemas.items() if "enum" in each}
    for language in LANGUAGES:
        said = {name.replace("_", "").lower(): words for name, words in labels.catalogue(language)["enums"].items()}
        # `visit_reason` has the words of the class Reason.
        silent = [
            name
            for name, values in enums.items()
            if not any(group.endswith(name.lower()) and values <= set(words) for group, words in said.items())
        ]
        assert silent == [], f"{language}: labels/{language}.json, enums"
