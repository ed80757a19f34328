"""The registry of this service, and its kinds of column."""

from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import Column
from sqlmodel import SQLModel

from grid_kernel.db import new_registry
from grid_kernel.types import EncryptedText, StringEnum, UtcDateTime

E = TypeVar("E", bound=StrEnum)


class Base(SQLModel, registry=new_registry()):
    """The models of this service; its metadata is its own."""


def enum_column(enum: type[E], *, nullable: bool = False) -> Any:
    return Column(StringEnum(enum), nullable=nullable)


def moment_column(*, nullable: bool = True) -> Any:
    return Column(UtcDateTime, nullable=nullable)


def secret_column(label: str, *, nullable: bool = True) -> Any:
    return Column(EncryptedText(f"dispute.{label}"), nullable=nullable)


def column(attribute: object) -> Any:
    """A model's attribute as the column it is; the type checker sees the value's type."""
    return cast("Any", attribute)
