"""Alembic's entry of the gateway."""

from gateway.models import Base
from grid_kernel.migrations import run_env

run_env(Base.metadata)
