"""The OGC API below /ogc: documents, items, tiles."""

from gis_svc.routes.ogc import documents, items, tiles

STANDARDS = (documents.router, items.router, tiles.router)
