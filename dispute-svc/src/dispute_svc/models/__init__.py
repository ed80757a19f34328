"""Tables of dispute-svc. A case with its dispatches is one aggregate; every move returns its event."""

from dispute_svc.models.base import Base, E, column
from dispute_svc.models.case import Case
from dispute_svc.models.parts import Dispatch, Entry, Extension, Objection, Party, PartyRole
from dispute_svc.models.registers import (
    CaseNumber,
    HandlingUnit,
    PersonMerge,
    ProgressLock,
    RoutingRule,
    Succession,
    SyncOperation,
)

__all__ = [
    "Base",
    "Case",
    "CaseNumber",
    "Dispatch",
    "E",
    "Entry",
    "Extension",
    "HandlingUnit",
    "Objection",
    "Party",
    "PartyRole",
    "PersonMerge",
    "ProgressLock",
    "RoutingRule",
    "Succession",
    "SyncOperation",
    "column",
]
