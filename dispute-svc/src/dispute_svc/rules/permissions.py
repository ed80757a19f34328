"""Who may do what."""

from collections.abc import Iterable

from dispute_svc.rules.refusals import (
    MayNotChangeRule,
    MayNotClose,
    MayNotDispatch,
    MayNotExtend,
    MayNotRemind,
    MayNotReopen,
    MayNotResolve,
    MayNotVerify,
    NotOfTheUnit,
    NotTheArbiter,
    VerifierHandled,
)
from dispute_svc.rules.states import GRID_CODE_LENGTH
from grid_kernel.auth import Actor, Post

GRID_POSTS = (Post.RESIDENT_SERVICE_OFFICER, Post.OPINION_COLLECTOR)
COMMUNITY_POSTS = (*GRID_POSTS, Post.STATION_HEAD)
AREA_POSTS = (*COMMUNITY_POSTS, Post.WINDOW_CLERK, Post.STREET_LEADER, Post.DISTRICT_LEADER)
TRIAGE_POSTS = (Post.ARBITER, Post.STREET_LEADER, Post.DISTRICT_LEADER)
RULE_POSTS = (Post.ARBITER, Post.DISTRICT_LEADER)
CLOSING_POSTS = (*COMMUNITY_POSTS, Post.STREET_LEADER, Post.ARBITER)
REMINDING_POSTS = (*CLOSING_POSTS, Post.DISTRICT_LEADER, Post.WINDOW_CLERK)
UNIT_POSTS = (Post.DEPARTMENT_HANDLER, Post.MEDIATOR, Post.ARBITER, *COMMUNITY_POSTS)
"""Who acts for the unit of the own post: departments and committees, but also a centre, a station, a team."""


def check_may_act_for(actor: Actor, unit_code: str) -> None:
    """The act of a unit is done by its own people."""
    if unit_code not in actor.units(*UNIT_POSTS):
        raise NotOfTheUnit


def check_may_dispatch(actor: Actor, area_code: str) -> None:
    """The centre works the list of what no rule could send."""
    if not actor.holds(*TRIAGE_POSTS, area=area_code):
        raise MayNotDispatch


def check_may_extend(actor: Actor, area_code: str, asking_unit: str) -> None:
    """The centre decides about time, never for the own unit."""
    if not actor.holds(*TRIAGE_POSTS, area=area_code) or asking_unit in actor.units():
        raise MayNotExtend


def check_may_decide(actor: Actor, area_code: str, objecting_unit: str) -> None:
    """Nobody decides the objection of the own unit."""
    if not actor.holds(Post.ARBITER, area=area_code) or objecting_unit in actor.units():
        raise NotTheArbiter


def check_may_verify(actor: Actor, area_code: str, *, restricted: bool) -> None:
    """The people of the grid verify; of a restricted case, or where there is no grid, the centre does."""
    if actor.holds(*COMMUNITY_POSTS, area=area_code) and not restricted:
        return
    nobody_nearer = restricted or len(area_code) < GRID_CODE_LENGTH
    if not (nobody_nearer and actor.holds(Post.ARBITER, area=area_code)):
        raise MayNotVerify


def check_did_not_handle(actor: Actor, units: Iterable[str], handlers: Iterable[str | None]) -> None:
    """Verifier ≠ handler: neither the person nor the unit."""
    if actor.id in set(handlers) or set(units) & set(actor.units()):
        raise VerifierHandled


def check_may_close(actor: Actor, area_code: str) -> None:
    """The community, the street or the arbiter ends a case."""
    if not actor.holds(*CLOSING_POSTS, area=area_code):
        raise MayNotClose


def check_may_remind(actor: Actor, area_code: str, unit_code: str) -> None:
    """Whoever answers for the area asks a unit how far it is; nobody reminds the own unit."""
    if not actor.holds(*REMINDING_POSTS, area=area_code) or unit_code in actor.units():
        raise MayNotRemind


def check_may_reopen(actor: Actor, area_code: str, *, own: bool) -> None:
    """The reporter says it is not solved, or whoever may end a case sees it."""
    if not own and not actor.holds(*CLOSING_POSTS, *TRIAGE_POSTS, area=area_code):
        raise MayNotReopen


def check_may_resolve(actor: Actor, area_code: str | None) -> None:
    """A worker solves on the spot what lies in the own area (or what is being reported, its place not yet known)."""
    if not actor.holds(*COMMUNITY_POSTS, area=area_code):
        raise MayNotResolve


def check_may_change_rule(actor: Actor, area_prefix: str) -> None:
    """Routing is business of the centre, not of the administrators."""
    if not actor.holds(*RULE_POSTS, area=area_prefix):
        raise MayNotChangeRule


def may_see_reporter(actor: Actor, area_code: str, *, anonymous: bool, restricted: bool) -> bool:
    """Who reported is known to the arbiter; to the people who call back unless asked otherwise; to no unit ever."""
    if actor.holds(Post.ARBITER, area=area_code):
        return True
    return not anonymous and not restricted and actor.holds(*COMMUNITY_POSTS, Post.WINDOW_CLERK, area=area_code)
