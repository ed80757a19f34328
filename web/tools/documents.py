"""Write the OpenAPI documents of the five services, <service>.json each, without running one: `documents.py FOLDER`."""

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from gateway.settings import GatewaySettings

PACKAGES = {
    "approval": "approval_svc",
    "dispute": "dispute_svc",
    "gateway": "gateway",
    "gis": "gis_svc",
    "population": "population_svc",
}
# The inputs the apps draw forms from.
FORMS = {"population": ("DwellingChange", "HouseholdChange", "NewPerson", "PersonChange")}


def document(service: str) -> dict[str, Any]:
    """The document of one service; nothing is connected for it."""
    nowhere = {"port": 1, "database_url": "postgresql://nowhere/x", "system_database_url": "postgresql://nowhere/x"}
    settings = GatewaySettings.model_validate(nowhere | {"signing_key": "{}", "verify_keys": "{}", "data_keys": "{}"})
    made: dict[str, Any] = import_module(f"{PACKAGES[service]}.app").create_app(settings).openapi()
    return made


def with_what_they_name(schemas: dict[str, Any], wanted: tuple[str, ...]) -> dict[str, Any]:
    """These schemas and all their references lead to."""
    waiting, found = list(wanted), {}
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = schemas[name]
            waiting += re.findall(r"#/components/schemas/(\w+)", json.dumps(schemas[name]))
    return dict(sorted(found.items()))


def main(folder: Path) -> None:
    """All five, and the schemas of the forms drawn from them."""
    folder.mkdir(parents=True, exist_ok=True)
    for service in PACKAGES:
        made = document(service)
        (folder / f"{service}.json").write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", "utf-8")
        if wanted := FORMS.get(service):
            forms = folder / "forms"
            forms.mkdir(exist_ok=True)
            schemas = with_what_they_name(made["components"]["schemas"], wanted)
            (forms / f"{service}.json").write_text(json.dumps(schemas, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
