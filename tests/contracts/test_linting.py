"""Spectral finds nothing: the NL API Design Rules on five OpenAPI documents, the AsyncAPI rules on the events."""

import json
import subprocess
from pathlib import Path

import pytest
from tests.contracts import event_documents, openapi_documents

ROOT = Path(__file__).parents[2]
SPECTRAL = ROOT / "var" / "tools" / "node_modules" / ".bin" / "spectral"
API_RULES = ROOT.parent / "shared" / "data" / "api-rules" / "nl-adr-spectral.yaml"
EVENT_RULES = Path(__file__).with_name("asyncapi.spectral.yaml")

pytestmark = [
    pytest.mark.conformance,
    pytest.mark.skipif(not SPECTRAL.exists(), reason="`make conformance` installs the linter"),
]


def _findings(rules: Path, *documents: Path) -> list[str]:
    command = [str(SPECTRAL), "lint", "--ruleset", str(rules), "--format", "json", "--quiet", *map(str, documents)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    found = json.loads(done.stdout[done.stdout.index("[") : done.stdout.rindex("]") + 1])
    return [f"{Path(each['source']).name} {'/'.join(map(str, each['path']))}: {each['message']}" for each in found]


@pytest.mark.shared
@pytest.mark.skipif(not API_RULES.exists(), reason="the ruleset lies beside the project")
def test_the_five_documents_follow_the_api_design_rules(tmp_path: Path) -> None:
    assert _findings(API_RULES, *openapi_documents.write(tmp_path)) == []


@pytest.mark.shared
@pytest.mark.skipif(not API_RULES.exists(), reason="the ruleset lies beside the project")
def test_the_linter_finds_a_planted_fault(tmp_path: Path) -> None:
    document = openapi_documents.write(tmp_path)[0]
    text = json.loads(document.read_text("utf-8"))
    del text["info"]["contact"]
    document.write_text(json.dumps(text), "utf-8")
    assert any("contact" in finding for finding in _findings(API_RULES, document))


def test_the_event_document_is_valid() -> None:
    assert _findings(EVENT_RULES, event_documents.FOLDER / "asyncapi.json") == []


def test_the_linter_finds_an_invalid_event_document(tmp_path: Path) -> None:
    document = json.loads((event_documents.FOLDER / "asyncapi.json").read_text("utf-8"))
    next(iter(document["operations"].values()))["action"] = "shout"
    broken = tmp_path / "asyncapi.json"
    broken.write_text(json.dumps(document), "utf-8")
    assert _findings(EVENT_RULES, broken) != []
