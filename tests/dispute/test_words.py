"""Everything the service can say has words in both languages."""

import json
from enum import StrEnum
from importlib.resources import files

import pytest

from dispute_svc import models, rules, triage
from grid_kernel.labels import LANGUAGES, Labels

LABELS = Labels.load("grid_kernel", "dispute_svc")
ENUMS: list[type[StrEnum]] = [
    rules.Action,
    rules.CaseKind,
    rules.CaseState,
    rules.DispatchState,
    rules.DispatchRole,
    rules.ObjectionState,
    rules.ObjectionReason,
    rules.Outcome,
    rules.ExtensionKind,
    rules.ExtensionState,
    rules.EntryKind,
    rules.Channel,
    models.PartyRole,
    triage.Routed,
]


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_has_a_label(enum: type[StrEnum], language: str) -> None:
    words = json.loads((files("dispute_svc") / "labels" / f"{language}.json").read_text("utf-8"))["enums"]
    assert set(words[enum.__name__]) == {member.value for member in enum}


@pytest.mark.parametrize("routed", triage.Routed)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_of_routing_explains_itself(routed: triage.Routed, language: str) -> None:
    said = {"name": "N", "category": "H01", "area": "A", "prefix": "P", "fitting": 1, "unit": "U", "day": "D"}
    key = f"routing-{routed.value.replace('_', '-')}"
    text = LABELS.text(language, "texts", key, **said)  # type: ignore[arg-type]
    assert text != key
    assert "{" not in text


def test_no_table_and_no_form_knows_what_a_person_believes_or_is_worth() -> None:
    tables = models.Base.metadata.tables.values()
    words = {word for table in tables for column in table.columns for word in column.name.split("_")}
    assert not words & {
        "ethnic",
        "ethnicity",
        "religion",
        "member",
        "score",
        "risk",
        "nation",
        "nationality",
        "political",
    }
