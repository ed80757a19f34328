"""Alembic's entry of approval-svc."""

from approval_svc.models import Base
from grid_kernel.migrations import run_env

run_env(Base.metadata)
