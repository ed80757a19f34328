"""The account that is signed in."""

from collections.abc import Mapping
from uuid import UUID

from fastapi.responses import Response

from gateway import commands, queries, rules
from gateway.holding import CurrentHolding
from gateway.schemas import GrantOut, MeOut, PasswordChange, TotpConfirm, TotpOut
from gateway.sessions import SignedIn, signed_in
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import SystemSession
from grid_kernel.errors import Forbidden, NotFound, WrongState, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now

router = GridRouter(prefix="/me", tags=["me"])
_OWN = refusals(NotFound)
"""A token outlives its account for up to a minute."""


def me_of(who: SignedIn, areas: Mapping[str, str], units: Mapping[str, str]) -> MeOut:
    """What an account is told of itself, with the names of its areas and units as far as they are known."""
    return MeOut(
        account_id=who.account.id,
        login=who.account.login,
        display_name=who.account.display_name,
        grants=[
            GrantOut(
                post=g.post,
                area_code=g.area,
                unit_code=g.unit,
                duty=g.duty,
                area_name=areas.get(g.area),
                unit_name=units.get(g.unit or ""),
            )
            for g in who.grants
        ],
        duty=who.duty,
        areas=list(who.actor.areas()),
        can=rules.what_one_can(who.grants),
        second_factor=who.account.totp_confirmed,
    )


def own_id(actor: Actor) -> UUID:
    """The account behind an actor; partners, residents and services have none."""
    if actor.kind != "account":
        raise Forbidden
    return UUID(actor.id)


@router.get("", responses=_OWN)
async def get_me(actor: CurrentActor, runtime: CurrentRuntime, held: CurrentHolding, now: Now) -> MeOut:
    """Who is signed in, which posts are in force and where, what that allows, and the active duty."""
    async with runtime.system_session() as session:
        who = await signed_in(session, await queries.account(session, own_id(actor)), now)
        units = await queries.unit_names(session, who.actor.units())
    return me_of(who, await held.places.names(grant.area for grant in who.grants), units)


@router.put("/password", status_code=204, responses=_OWN)
async def change_password(
    given: PasswordChange, actor: CurrentActor, session: SystemSession, held: CurrentHolding, now: Now
) -> Response:
    """Change the own password; every session of the account ends."""
    own_id(actor)
    current, fresh = given.current.get_secret_value(), given.fresh.get_secret_value()
    await commands.change_password(session, held.passwords, actor, current, fresh, now=now)
    held.sessions.forget(session, UUID(actor.id))
    return Response(status_code=204)


@router.post("/second-factor", responses=_OWN | refusals(WrongState))
async def begin_second_factor(actor: CurrentActor, session: SystemSession) -> TotpOut:
    """Begin to use an authenticator app; the secret is shown this once."""
    own_id(actor)
    secret, address = await commands.begin_second_factor(session, actor)
    return TotpOut(secret=secret, address=address)


@router.put("/second-factor", status_code=204, responses=_OWN)
async def confirm_second_factor(given: TotpConfirm, actor: CurrentActor, session: SystemSession, now: Now) -> Response:
    """Confirm the authenticator app by its first code."""
    own_id(actor)
    await commands.confirm_second_factor(session, actor, given.code, now=now)
    return Response(status_code=204)
