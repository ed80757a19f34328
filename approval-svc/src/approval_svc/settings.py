"""Nothing is special here: approval-svc has the settings every service has."""

from grid_kernel.settings import ServiceSettings


class ApprovalSettings(ServiceSettings):
    """Settings of approval-svc."""
