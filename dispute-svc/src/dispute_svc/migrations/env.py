"""Alembic's entry of dispute-svc."""

from dispute_svc.models import Base
from grid_kernel.migrations import run_env

run_env(Base.metadata)
