"""What can be made to happen: one function per verb."""

from population_svc.commands.campaigning import (
    answer_campaign,
    end_campaign,
    name_places,
    places_for,
    plan_campaign,
    turn_campaigns,
)
from population_svc.commands.changing import change_dwelling, change_household, change_person, correct_person, reveal
from population_svc.commands.checking import answer_check, draw_checks
from population_svc.commands.civic import (
    change_organization,
    change_team,
    close_organization,
    end_seat,
    end_team,
    publish_document,
    register_organization,
    register_team,
    take_seat,
)
from population_svc.commands.doors import call_household, put_up_token
from population_svc.commands.duplicates import keep_apart, merge_persons, undo_merger
from population_svc.commands.exporting import ask_for_export, decide_export, expire_exports, fetch_export, make_exports
from population_svc.commands.forgetting import FORGETS, forget, retention
from population_svc.commands.forming import ask_for_form, counted, decide_form, match_fields
from population_svc.commands.grids import follow_buildings, follow_misplaced, hear_buildings
from population_svc.commands.importing import (
    announce_import,
    cancel_import,
    choose_sheet,
    complete_import,
    expire_imports,
    keep_part,
    start_run,
    work_on_imports,
)
from population_svc.commands.loading import load
from population_svc.commands.moving import leave_person, move_household, move_person
from population_svc.commands.naming import name_unit
from population_svc.commands.own import (
    ask_of_own,
    close_own,
    confirm_secrecy,
    decide_request,
    end_secrecy,
    issue_own_code,
    open_own,
    open_signed_in,
    opened,
    propose_secrecy,
    withdraw_own,
)
from population_svc.commands.pending import decide_change, end_check, set_check
from population_svc.commands.registering import register_household, register_person
from population_svc.commands.reshaping import merge_households, record_death, split_household
from population_svc.commands.returning import take_returned
from population_svc.commands.ruling import set_visit_rule
from population_svc.commands.staffing import set_staffing_norm
from population_svc.commands.syncing import Outcome, sync
from population_svc.commands.telling import tell_figures
from population_svc.commands.transferring import (
    accept_transfer,
    ask_transfer,
    claim,
    hand_silent_to_heads,
    refuse_transfer,
    withdraw_transfer,
)
from population_svc.commands.visiting import (
    end_care,
    list_for_care,
    record_visit,
    renew_care,
    request_follow_up,
    withdraw_consent,
)

__all__ = [
    "FORGETS",
    "Outcome",
    "accept_transfer",
    "announce_import",
    "answer_campaign",
    "answer_check",
    "ask_for_export",
    "ask_for_form",
    "ask_of_own",
    "ask_transfer",
    "call_household",
    "cancel_import",
    "change_dwelling",
    "change_household",
    "change_organization",
    "change_person",
    "change_team",
    "choose_sheet",
    "claim",
    "close_organization",
    "close_own",
    "complete_import",
    "confirm_secrecy",
    "correct_person",
    "counted",
    "decide_change",
    "decide_export",
    "decide_form",
    "decide_request",
    "draw_checks",
    "end_campaign",
    "end_care",
    "end_check",
    "end_seat",
    "end_secrecy",
    "end_team",
    "expire_exports",
    "expire_imports",
    "fetch_export",
    "follow_buildings",
    "follow_misplaced",
    "forget",
    "hand_silent_to_heads",
    "hear_buildings",
    "issue_own_code",
    "keep_apart",
    "keep_part",
    "leave_person",
    "list_for_care",
    "load",
    "make_exports",
    "match_fields",
    "merge_households",
    "merge_persons",
    "move_household",
    "move_person",
    "name_places",
    "name_unit",
    "open_own",
    "open_signed_in",
    "opened",
    "places_for",
    "plan_campaign",
    "propose_secrecy",
    "publish_document",
    "put_up_token",
    "record_death",
    "record_visit",
    "refuse_transfer",
    "register_household",
    "register_organization",
    "register_person",
    "register_team",
    "renew_care",
    "request_follow_up",
    "retention",
    "reveal",
    "set_check",
    "set_staffing_norm",
    "set_visit_rule",
    "split_household",
    "start_run",
    "sync",
    "take_returned",
    "take_seat",
    "tell_figures",
    "turn_campaigns",
    "undo_merger",
    "withdraw_consent",
    "withdraw_own",
    "withdraw_transfer",
    "work_on_imports",
]
