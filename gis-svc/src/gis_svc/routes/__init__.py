"""One module per resource."""

from gis_svc.routes import (
    addresses,
    areas,
    basemap,
    buildings,
    designs,
    exchange,
    grids,
    locations,
    service_points,
    statistics,
    things,
    topology,
)

ROUTERS = (
    areas.router,
    exchange.router,
    topology.router,
    grids.router,
    designs.router,
    buildings.router,
    addresses.router,
    things.router,
    service_points.router,
    basemap.router,
    locations.router,
    statistics.router,
)
