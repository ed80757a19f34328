"""gis-svc: areas with history, buildings, and where a point lies."""
