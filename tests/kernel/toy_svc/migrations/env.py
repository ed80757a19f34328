"""Alembic's entry of the toy service."""

from grid_kernel.migrations import run_env
from toy_svc.models import Base

run_env(Base.metadata)
