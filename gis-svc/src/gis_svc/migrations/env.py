"""Alembic's entry: everything is in the kernel."""

from gis_svc.models import Base
from grid_kernel.migrations import run_env

run_env(Base.metadata)
