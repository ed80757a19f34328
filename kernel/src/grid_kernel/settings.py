"""Settings come from the environment: GRID_<SERVICE>_<NAME>, else GRID_<NAME>, each also as …_FILE."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError


class SettingsError(Exception):
    """A setting is missing or cannot be understood; the message names it."""


class ServiceSettings(BaseModel):
    """What a service needs from outside. Only addresses and secrets have no default."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    environment: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    database_url: SecretStr
    system_database_url: SecretStr
    owner_database_url: SecretStr | None = None
    nats_url: str = "nats://127.0.0.1:42220"
    signing_key: SecretStr
    verify_keys: str
    data_keys: SecretStr
    state_dir: Path = Path("var")
    blob_url: str | None = None
    otlp_endpoint: str | None = None
    in_flight_limit: int = Field(default=64, ge=1)
    district: str = Field(default="150204", pattern=r"^[0-9]{6}$")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    session_pool: int = Field(default=8, ge=1)
    read_pool: int = Field(default=6, ge=1)
    system_pool: int = Field(default=4, ge=1)
    relay_poll_seconds: float = Field(default=2.0, gt=0)
    max_body_bytes: int = Field(default=21 * 1024 * 1024, ge=1024)

    @classmethod
    def load(cls, service: str, environ: Mapping[str, str] | None = None) -> Self:
        """Read the settings of one service; SettingsError names what is wrong and where to set it."""
        given = dict(_given(cls.model_fields, service, os.environ if environ is None else environ))
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            lines = (f"{_name(service, str(item['loc'][0]))}: {item['msg']}" for item in error.errors())
            raise SettingsError("; ".join(lines)) from None

    @property
    def blob_address(self) -> str:
        """Where attachments are kept: a folder of the state unless set otherwise."""
        return self.blob_url or f"file://{(self.state_dir / 'blobs').resolve()}"


def _name(service: str, field: str) -> str:
    return f"GRID_{service.upper()}_{field.upper()}"


def _given(fields: Mapping[str, object], service: str, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for field in fields:
        for name in (_name(service, field), f"GRID_{field.upper()}"):
            if path := environ.get(f"{name}_FILE"):
                yield field, _contents(name, path)
                break
            if value := environ.get(name):
                yield field, value
                break


def _contents(name: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"{name}_FILE: {path}: {error.strerror}") from None
