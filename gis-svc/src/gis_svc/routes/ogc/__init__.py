"""The OGC API below /ogc: documents, items, changes of items, tiles."""

from gis_svc.routes.ogc import documents, editing, items, tiles

STANDARDS = (documents.router, items.router, editing.router, tiles.router)
