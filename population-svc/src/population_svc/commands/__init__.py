"""What can be made to happen: one function per verb."""

from population_svc.commands.changing import change_dwelling, change_household, change_person, reveal
from population_svc.commands.doors import call_household, put_up_token
from population_svc.commands.grids import follow_buildings, follow_misplaced, hear_buildings
from population_svc.commands.loading import load
from population_svc.commands.moving import leave_person, move_household, move_person
from population_svc.commands.registering import register_household, register_person
from population_svc.commands.syncing import Outcome, sync
from population_svc.commands.visiting import end_care, list_for_care, record_visit, request_follow_up

__all__ = [
    "Outcome",
    "call_household",
    "change_dwelling",
    "change_household",
    "change_person",
    "end_care",
    "follow_buildings",
    "follow_misplaced",
    "hear_buildings",
    "leave_person",
    "list_for_care",
    "load",
    "move_household",
    "move_person",
    "put_up_token",
    "record_visit",
    "register_household",
    "register_person",
    "request_follow_up",
    "reveal",
    "sync",
]
