"""Write the OpenAPI documents of the five services, <service>.json each, without running one: `documents.py FOLDER`."""

import json
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


def document(service: str) -> dict[str, Any]:
    """The document of one service; nothing is connected for it."""
    nowhere = {"port": 1, "database_url": "postgresql://nowhere/x", "system_database_url": "postgresql://nowhere/x"}
    settings = GatewaySettings.model_validate(nowhere | {"signing_key": "{}", "verify_keys": "{}", "data_keys": "{}"})
    made: dict[str, Any] = import_module(f"{PACKAGES[service]}.app").create_app(settings).openapi()
    return made


def main(folder: Path) -> None:
    """All five."""
    folder.mkdir(parents=True, exist_ok=True)
    for service in PACKAGES:
        text = json.dumps(document(service), ensure_ascii=False, indent=1) + "\n"
        (folder / f"{service}.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
