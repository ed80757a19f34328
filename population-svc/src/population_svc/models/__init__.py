"""The tables of the population base. A method moves the state of a row and returns the event that says so."""

from population_svc.models.base import (
    CARE_BASIS,
    CARE_GUARDIAN,
    CONTACT,
    DOOR,
    ID_NUMBER,
    IMPORT,
    OWN_CODE,
    OWN_PASS,
    PENDING_CHANGE,
    PHONE,
    REGISTERED_ADDRESS,
    REQUEST_TEXT,
    SECRECY_BASIS,
    VISIT_NOTE,
    Base,
)
from population_svc.models.campaigns import Campaign, CampaignAnswer, CampaignMember
from population_svc.models.care import CareEntry, CareReason
from population_svc.models.civic import (
    Organization,
    PublicDocument,
    Seat,
    VolunteerTeam,
    organization_version,
    volunteer_team_version,
)
from population_svc.models.duplicates import DistinctPair, PersonMerger
from population_svc.models.exporting import ExportJob
from population_svc.models.figures import GridFigures
from population_svc.models.forms import DataElement, Form
from population_svc.models.importing import (
    ColumnMemory,
    ImportBatch,
    ImportBlock,
    ImportJob,
    ImportPart,
    ImportRejection,
)
from population_svc.models.noting import BuildingGrid, RosterChange, Statement, SyncOperation, UnitName
from population_svc.models.own import DataRequest, OwnAccess, Secrecy
from population_svc.models.pending import CheckSetting, PendingChange
from population_svc.models.register import (
    KEPT,
    DoorToken,
    Dwelling,
    Household,
    Occupancy,
    Person,
    dwelling_version,
    household_version,
    occupancy_version,
    person_version,
)
from population_svc.models.transfers import Transfer
from population_svc.models.visiting import FollowUp, SpotCheck, Visit, VisitRule

__all__ = [
    "CARE_BASIS",
    "CARE_GUARDIAN",
    "CONTACT",
    "DOOR",
    "ID_NUMBER",
    "IMPORT",
    "KEPT",
    "OWN_CODE",
    "OWN_PASS",
    "PENDING_CHANGE",
    "PHONE",
    "REGISTERED_ADDRESS",
    "REQUEST_TEXT",
    "SECRECY_BASIS",
    "VISIT_NOTE",
    "Base",
    "BuildingGrid",
    "Campaign",
    "CampaignAnswer",
    "CampaignMember",
    "CareEntry",
    "CareReason",
    "CheckSetting",
    "ColumnMemory",
    "DataElement",
    "DataRequest",
    "DistinctPair",
    "DoorToken",
    "Dwelling",
    "ExportJob",
    "FollowUp",
    "Form",
    "GridFigures",
    "Household",
    "ImportBatch",
    "ImportBlock",
    "ImportJob",
    "ImportPart",
    "ImportRejection",
    "Occupancy",
    "Organization",
    "OwnAccess",
    "PendingChange",
    "Person",
    "PersonMerger",
    "PublicDocument",
    "RosterChange",
    "Seat",
    "Secrecy",
    "SpotCheck",
    "Statement",
    "SyncOperation",
    "Transfer",
    "UnitName",
    "Visit",
    "VisitRule",
    "VolunteerTeam",
    "dwelling_version",
    "household_version",
    "occupancy_version",
    "organization_version",
    "person_version",
    "volunteer_team_version",
]
