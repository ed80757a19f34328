"""The OGC API below /ogc: documents, items, changes of items, processes, tiles."""

from gis_svc.routes.ogc import documents, editing, items, processes, tiles

STANDARDS = (documents.router, items.router, editing.router, processes.router, tiles.router)
