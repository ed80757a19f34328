"""One file per resource; parse, call a command or a query, return."""

from approval_svc.routes import applications, figures, items, moves, progress

ROUTERS = [applications.router, moves.router, progress.router, items.router, figures.router]
