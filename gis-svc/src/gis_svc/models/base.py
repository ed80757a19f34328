"""The registry of this service's tables."""

from sqlmodel import SQLModel

from grid_kernel.db import new_registry


class Base(SQLModel, registry=new_registry()):
    """The registry of this service's tables."""
