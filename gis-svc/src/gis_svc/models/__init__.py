"""Tables: areas with their dated outlines, buildings, what else the map shows. A move returns its event."""

from gis_svc.models.areas import Area, AreaRevision, AreaVersion
from gis_svc.models.base import Base
from gis_svc.models.buildings import Address, Building
from gis_svc.models.layers import AreaFigure, CaseMark, LayerCell, LayerRevision, ProcessJob
from gis_svc.models.placed import HomeCheck, Inspection, OpeningWeek, Road, ServicePoint, Thing

__all__ = [
    "Address",
    "Area",
    "AreaFigure",
    "AreaRevision",
    "AreaVersion",
    "Base",
    "Building",
    "CaseMark",
    "HomeCheck",
    "Inspection",
    "LayerCell",
    "LayerRevision",
    "OpeningWeek",
    "ProcessJob",
    "Road",
    "ServicePoint",
    "Thing",
]
