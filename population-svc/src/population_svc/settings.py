"""Settings of this service: those every service has, and no more."""

from grid_kernel.settings import ServiceSettings

__all__ = ["ServiceSettings"]
