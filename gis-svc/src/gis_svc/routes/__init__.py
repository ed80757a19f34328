"""One module per resource."""

from gis_svc.routes import addresses, areas, buildings, exchange, grids, locations, statistics, topology

ROUTERS = (
    areas.router,
    exchange.router,
    topology.router,
    grids.router,
    buildings.router,
    addresses.router,
    locations.router,
    statistics.router,
)
