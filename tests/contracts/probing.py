"""schemathesis, run as one would run it by hand: a configuration, a command, and its report read back."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from tests.contracts.town import Town

from grid_kernel.auth import Actor

SEED = 20131009


@dataclass(frozen=True)
class Probe:
    """What a run is told."""

    service: str
    people: Mapping[str, Actor]
    checks: Sequence[str]
    phases: Sequence[str]
    examples: int
    known: Mapping[str, Sequence[str]]
    """Parameter (`query.area`) to values that exist."""
    peers: bool = False
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Parameter to the one value it always has."""
    only: Sequence[str] = ()
    """Operation ids; none means all."""
    document: str = ""
    """Where the operations are described; the service's own document unless said."""
    root: str = "/v1"


@dataclass(frozen=True)
class Report:
    """What a run did and found."""

    clean: bool
    output: str
    cases: int
    operations: frozenset[str]


def run(town: Town, probe: Probe, url: str, folder: Path) -> Report:
    """Call a service as the probe says."""
    folder.mkdir(parents=True, exist_ok=True)
    _write_people(folder / "people.yaml", town, probe)
    (folder / "schemathesis.toml").write_text(_configuration(folder, probe), "utf-8")
    events = folder / "events.ndjson"
    program = str(Path(sys.executable).with_name("schemathesis"))
    command = [program, "--config-file", str(folder / "schemathesis.toml"), "run"]
    document = probe.document or f"{url}{probe.root}/openapi.json"
    command += [document, "--url", f"{url}{probe.root}", "--no-color", "--report", "ndjson"]
    command += ["--report-ndjson-path", str(events), "--checks", ",".join(probe.checks)]
    command += ["--phases", ",".join(probe.phases), "--max-examples", str(probe.examples), "--seed", str(SEED)]
    command += ["--continue-on-failure", "--no-shrink", "--generation-deterministic"]
    for operation in probe.only:
        command += ["--include-operation-id", operation]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    return _read(done, events)


def _write_people(path: Path, town: Town, probe: Probe) -> None:
    auth = [
        {"name": name, "fixedHeaders": [{"name": "Authorization", "value": f"Bearer {town.tokens.of(who)}"}]}
        for name, who in probe.people.items()
    ]
    path.write_text(yaml.safe_dump({"auth": auth}), "utf-8")


def _configuration(folder: Path, probe: Probe) -> str:
    lines = ["[auth.wfc]", f"path = {json.dumps(str(folder / 'people.yaml'))}"]
    if probe.peers:
        lines.append(f"peers = {json.dumps(list(probe.people))}")
    bindings = ["[parameters]"]
    for number, (name, values) in enumerate(probe.known.items()):
        lines += [f"[dictionaries.d{number}]", f"values = {json.dumps(list(values))}"]
        bindings.append(f'"{name}" = {{ dictionary = "d{number}", probability = 0.7 }}')
    bindings += [f'"{name}" = {json.dumps(value)}' for name, value in probe.fixed.items()]
    return "\n".join([*lines, *bindings, ""])


def _read(done: "subprocess.CompletedProcess[str]", events: Path) -> Report:
    cases, operations = 0, set()
    for line in events.read_text("utf-8").splitlines():
        event: dict[str, Any] = json.loads(line)
        if scenario := event.get("ScenarioFinished"):
            recorder = scenario.get("recorder", {})
            if recorder.get("cases"):
                cases += len(recorder["cases"])
                operations.add(recorder["label"])
    return Report(done.returncode == 0, done.stdout + done.stderr, cases, frozenset(operations))
