"""What can be made to happen with applications and with the catalogue, one function per verb."""

from approval_svc.commands.asking import facts_of
from approval_svc.commands.deadlines import follow_calendar
from approval_svc.commands.deciding import accept, complete, decide, rate, resume, suspend, withdraw
from approval_svc.commands.following import change_grids, keep_unit, relink
from approval_svc.commands.forwarding import forward
from approval_svc.commands.linking import link, link_waiting
from approval_svc.commands.loading import load
from approval_svc.commands.progressing import forget_tries, look_up, rate_by_receipt
from approval_svc.commands.publishing import publish_catalogue, publish_item
from approval_svc.commands.reviewing import correct, pre_review, require_correction
from approval_svc.commands.silence import deem_accepted, lapse
from approval_svc.commands.submitting import Taken, submit

__all__ = [
    "Taken",
    "accept",
    "change_grids",
    "complete",
    "correct",
    "decide",
    "deem_accepted",
    "facts_of",
    "follow_calendar",
    "forget_tries",
    "forward",
    "keep_unit",
    "lapse",
    "link",
    "link_waiting",
    "load",
    "look_up",
    "pre_review",
    "publish_catalogue",
    "publish_item",
    "rate",
    "rate_by_receipt",
    "relink",
    "require_correction",
    "resume",
    "submit",
    "suspend",
    "withdraw",
]
