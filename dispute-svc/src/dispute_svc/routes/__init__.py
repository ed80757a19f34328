"""HTTP: one file per resource."""

from dispute_svc.routes import (
    cases,
    dispatches,
    extensions,
    figures,
    objections,
    progress,
    reports,
    routing_rules,
    sync,
)

ROUTERS = (
    cases.router,
    dispatches.router,
    objections.router,
    extensions.router,
    reports.router,
    progress.router,
    routing_rules.router,
    figures.router,
    sync.router,
)

__all__ = ["ROUTERS"]
