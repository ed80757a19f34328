"""One file per resource; parse, call a command or a query, return."""

from gateway.routes import accounts, calendar_days, live, me, overview, posts, roster, session, units, workbench

ROUTERS = [
    session.router,
    me.router,
    overview.router,
    live.router,
    workbench.router,
    accounts.router,
    posts.router,
    roster.router,
    units.router,
    calendar_days.router,
]
