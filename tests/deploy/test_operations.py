"""docs/operations.md knows every setting, every command and nothing that is not there."""

import re

import pytest

from gateway.settings import GatewaySettings
from grid_deploy.settings import ROOT, SERVICES
from grid_kernel.settings import ServiceSettings

PAGE = (ROOT / "docs" / "operations.md").read_text("utf-8")
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
# Said once for all services, as GRID_<SERVICE>_URL.
PER_SERVICE = {f"{service.name}_url" for service in SERVICES}
LAUNCHER = {
    "POSTGRES_BIN",
    "POSTGRES_PORT",
    "NATS_PORT",
    "NATS_MONITOR_PORT",
    "DEMO",
    "DEMO_AS_OF",
    "STATE_DIR",
    "CIPHER_SUITE",
}


@pytest.mark.parametrize("field", sorted({*ServiceSettings.model_fields, *GatewaySettings.model_fields} - PER_SERVICE))
def test_every_setting_is_on_the_page(field: str) -> None:
    assert re.search(rf"`GRID_(?:<SERVICE>_|GATEWAY_)?{field.upper()}(?:_FILE)?`", PAGE)


def test_the_example_names_settings_of_the_page_only() -> None:
    given = re.findall(r"^#?(GRID_[A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert given
    names = "|".join(service.name.upper() for service in SERVICES)
    general = {re.sub(rf"^GRID_(?:{names})_PORT$", "GRID_<SERVICE>_PORT", name) for name in given}
    assert {name for name in general if f"`{name}`" not in PAGE} == set()


def test_every_command_of_the_page_is_in_the_menu() -> None:
    menu = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", PAGE)) <= menu
    assert {f"GRID_{name}" for name in LAUNCHER} <= set(re.findall(r"GRID_[A-Z_]+", PAGE))
