"""What can be made to happen, one function per verb."""

from dispute_svc.commands.deadlines import follow_calendar
from dispute_svc.commands.deciding import (
    accept,
    decide_objection,
    dispatch_by_hand,
    handle,
    object_to,
    remind,
    transfer,
)
from dispute_svc.commands.ending import close, rate, reopen, resolve, verify, void, withdraw
from dispute_svc.commands.extending import ask_for_extension, decide_extension
from dispute_svc.commands.following import follow_grid_change, follow_merge, keep_unit
from dispute_svc.commands.joining import merge, split
from dispute_svc.commands.loading import load
from dispute_svc.commands.placing import settle, settle_pending
from dispute_svc.commands.progress import look_up_progress
from dispute_svc.commands.reporting import report
from dispute_svc.commands.routing import add_rule, change_rule, dry_run, install_routing, preview, routes_of
from dispute_svc.commands.supplementing import supplement
from dispute_svc.commands.syncing import Outcome, sync

__all__ = [
    "Outcome",
    "accept",
    "add_rule",
    "ask_for_extension",
    "change_rule",
    "close",
    "decide_extension",
    "decide_objection",
    "dispatch_by_hand",
    "dry_run",
    "follow_calendar",
    "follow_grid_change",
    "follow_merge",
    "handle",
    "install_routing",
    "keep_unit",
    "load",
    "look_up_progress",
    "merge",
    "object_to",
    "preview",
    "rate",
    "remind",
    "reopen",
    "report",
    "resolve",
    "routes_of",
    "settle",
    "settle_pending",
    "split",
    "supplement",
    "sync",
    "transfer",
    "verify",
    "void",
    "withdraw",
]
