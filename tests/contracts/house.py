"""The five services as they describe themselves, and their apps without engines behind them."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

from fastapi import FastAPI

from gateway.settings import GatewaySettings
from grid_kernel.service import Service

PACKAGES = {
    "gateway": "gateway",
    "population": "population_svc",
    "approval": "approval_svc",
    "gis": "gis_svc",
    "dispute": "dispute_svc",
}


def description(name: str) -> Service:
    """What a service says of itself."""
    found: Service = import_module(f"{PACKAGES[name]}.app").SERVICE
    return found


def descriptions() -> list[Service]:
    """All five."""
    return [description(name) for name in PACKAGES]


def factory(name: str) -> Callable[..., FastAPI]:
    """What makes the production app of a service."""
    found: Callable[..., FastAPI] = import_module(f"{PACKAGES[name]}.app").create_app
    return found


@cache
def openapi(name: str) -> dict[str, Any]:
    """The OpenAPI document of a service; nothing is connected for it."""
    nowhere = {"port": 1, "database_url": "postgresql://nowhere/x", "system_database_url": "postgresql://nowhere/x"}
    settings = GatewaySettings.model_validate(nowhere | {"signing_key": "{}", "verify_keys": "{}", "data_keys": "{}"})
    return factory(name)(settings).openapi()
