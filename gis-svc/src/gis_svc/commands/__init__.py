"""What can be made to happen: grids drawn, redrawn, split, merged; buildings registered; things placed; jobs run."""

from gis_svc.commands.addressing import add as add_address
from gis_svc.commands.addressing import grow_missing
from gis_svc.commands.buildings import register
from gis_svc.commands.designs import approve
from gis_svc.commands.figures import CaseTold, take_case, take_figures
from gis_svc.commands.grids import change, close, draw, redraw
from gis_svc.commands.importing import Outcome, Wanted, adopt, import_areas
from gis_svc.commands.inspecting import check_home, forget_expired, inspect, show, withdraw_consent
from gis_svc.commands.loading import load
from gis_svc.commands.opening import enter_opening_week
from gis_svc.commands.placing import place, remove, replace
from gis_svc.commands.processing import dismiss, give_up_lost, start
from gis_svc.commands.succession import merge, split

__all__ = [
    "CaseTold",
    "Outcome",
    "Wanted",
    "add_address",
    "adopt",
    "approve",
    "change",
    "check_home",
    "close",
    "dismiss",
    "draw",
    "enter_opening_week",
    "forget_expired",
    "give_up_lost",
    "grow_missing",
    "import_areas",
    "inspect",
    "load",
    "merge",
    "place",
    "redraw",
    "register",
    "remove",
    "replace",
    "show",
    "split",
    "start",
    "take_case",
    "take_figures",
    "withdraw_consent",
]
