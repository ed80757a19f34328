"""Settings special to dispute-svc: none, those of every service are enough."""

from grid_kernel.settings import ServiceSettings as Settings

__all__ = ["Settings"]
