"""A whole synthetic demonstration town, from one seed and one day; README.md states every field."""

from grid_deploy.demo.generation import Counts, generate
from grid_deploy.demo.plan import DEFAULT_COMMUNITIES, Plan

__all__ = ["DEFAULT_COMMUNITIES", "Counts", "Plan", "generate"]
