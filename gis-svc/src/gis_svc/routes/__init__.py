"""One module per resource."""

from gis_svc.routes import areas, buildings, grids, locations

ROUTERS = (areas.router, grids.router, buildings.router, locations.router)
