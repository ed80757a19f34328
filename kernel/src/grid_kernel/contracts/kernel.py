"""What every service says about itself."""

from typing import ClassVar, Literal

from grid_kernel.events import Event


class _Anchored(Event):
    chain: Literal["access_record", "audit_entry"]
    head: str


class PopulationAuditAnchored(_Anchored):
    """population closed a stretch of its audit chain; the others keep its head."""

    subject: ClassVar[str] = "grid.population.audit.anchored.v1"


class ApprovalAuditAnchored(_Anchored):
    """approval closed a stretch of its audit chain; the others keep its head."""

    subject: ClassVar[str] = "grid.approval.audit.anchored.v1"


class GisAuditAnchored(_Anchored):
    """gis closed a stretch of its audit chain; the others keep its head."""

    subject: ClassVar[str] = "grid.gis.audit.anchored.v1"


class DisputeAuditAnchored(_Anchored):
    """dispute closed a stretch of its audit chain; the others keep its head."""

    subject: ClassVar[str] = "grid.dispute.audit.anchored.v1"


class GatewayAuditAnchored(_Anchored):
    """gateway closed a stretch of its audit chain; the others keep its head."""

    subject: ClassVar[str] = "grid.gateway.audit.anchored.v1"


AUDIT_ANCHORED: dict[str, type[_Anchored]] = {
    "population": PopulationAuditAnchored,
    "approval": ApprovalAuditAnchored,
    "gis": GisAuditAnchored,
    "dispute": DisputeAuditAnchored,
    "gateway": GatewayAuditAnchored,
}
