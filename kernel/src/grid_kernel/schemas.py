"""The shapes that cross HTTP and NATS: camelCase on the wire, snake_case in Python."""

import unicodedata
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import CoreSchema, core_schema

from grid_kernel.geo import Crs
from grid_kernel.working_calendar import SHANGHAI

_ALLOWED_CONTROLS = frozenset("\n\r\t")


_IN_SHANGHAI = core_schema.plain_serializer_function_ser_schema(
    lambda moment: moment.astimezone(SHANGHAI),
    return_schema=core_schema.datetime_schema(),
    when_used="json-unless-none",
)


def _write_in_shanghai(node: Any) -> None:
    if isinstance(node, dict):
        if node.get("type") == "datetime":
            node.setdefault("serialization", _IN_SHANGHAI)
        for name, inner in node.items():
            if name not in {"metadata", "serialization"}:
                _write_in_shanghai(inner)
    elif isinstance(node, list):
        for inner in node:
            _write_in_shanghai(inner)


class Schema(BaseModel):
    """What a service answers. Responses carry no defaults: every member is said."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True, frozen=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Write every moment as +08:00, wherever a member carries one."""
        schema = handler(source)
        _write_in_shanghai(schema)
        return schema


class Input(Schema):
    """What a caller sends: unknown members and control characters are refused, nothing is guessed."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_controls(cls, value: Any) -> Any:
        if isinstance(value, dict):
            for text in (item for item in value.values() if isinstance(item, str)):
                clean(text)
        return value


def clean(text: str) -> str:
    """Refuse characters PostgreSQL or a log line cannot hold; NFC otherwise unchanged."""
    for character in text:
        if character not in _ALLOWED_CONTROLS and unicodedata.category(character) in {"Cc", "Cs"}:
            raise ValueError("control characters are not allowed")
    return unicodedata.normalize("NFC", text)


Typed = Annotated[str, AfterValidator(clean)]
"""Words somebody typed into an address: what PostgreSQL cannot hold is refused as input."""


def _text(longest: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=longest)


ShortText = Annotated[str, _text(100), AfterValidator(clean)]
Line = Annotated[str, _text(200), AfterValidator(clean)]
Note = Annotated[str, _text(2000), AfterValidator(clean)]
AreaCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3}([0-9]{3})?)?)?$")]
CommunityCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
GridCode = Annotated[str, StringConstraints(pattern=r"^[0-9]{15}$")]
UnitCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{1,63}$")]
WeekName = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}W(0[1-9]|[1-4][0-9]|5[0-3])$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class PointIn(Input):
    """A position as it was captured: its system is named, never guessed."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    crs: Crs
    accuracy_m: Annotated[float, Field(ge=0, le=100_000)] | None = None
    captured_at: AwareDatetime | None = None
    source: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")] = "phone"
