"""One module per resource."""

from gis_svc.routes import addresses, areas, buildings, designs, exchange, grids, locations, statistics, topology

ROUTERS = (
    areas.router,
    exchange.router,
    topology.router,
    grids.router,
    designs.router,
    buildings.router,
    addresses.router,
    locations.router,
    statistics.router,
)
