"""Settings of this service: those every service has."""

from grid_kernel.settings import ServiceSettings

__all__ = ["ServiceSettings"]
