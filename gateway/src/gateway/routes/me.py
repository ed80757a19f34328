"""The account that is signed in."""

from uuid import UUID

from fastapi.responses import Response

from gateway import commands, queries
from gateway.holding import CurrentHolding
from gateway.schemas import GrantOut, MeOut, PasswordChange, TotpConfirm, TotpOut
from gateway.sessions import SignedIn, signed_in
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import SystemSession
from grid_kernel.errors import Forbidden, WrongState, refusals
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now

router = GridRouter(prefix="/me", tags=["me"])


def me_of(who: SignedIn) -> MeOut:
    """What an account is told of itself."""
    return MeOut(
        account_id=who.account.id,
        login=who.account.login,
        display_name=who.account.display_name,
        grants=[GrantOut(post=g.post, area_code=g.area, unit_code=g.unit, duty=g.duty) for g in who.grants],
        duty=who.duty,
        areas=list(who.actor.areas()),
        second_factor=who.account.totp_confirmed,
    )


def own_id(actor: Actor) -> UUID:
    """The account behind an actor; partners, residents and services have none."""
    if actor.kind != "account":
        raise Forbidden
    return UUID(actor.id)


@router.get("")
async def get_me(actor: CurrentActor, session: SystemSession, now: Now) -> MeOut:
    """Who is signed in, which posts are in force, and where."""
    return me_of(await signed_in(session, await queries.account(session, own_id(actor)), now))


@router.put("/password", status_code=204)
async def change_password(
    given: PasswordChange, actor: CurrentActor, session: SystemSession, held: CurrentHolding, now: Now
) -> Response:
    """Change the own password; every session of the account ends."""
    own_id(actor)
    current, fresh = given.current.get_secret_value(), given.fresh.get_secret_value()
    await commands.change_password(session, held.passwords, actor, current, fresh, now=now)
    held.sessions.forget(session, UUID(actor.id))
    return Response(status_code=204)


@router.post("/second-factor", responses=refusals(WrongState))
async def begin_second_factor(actor: CurrentActor, session: SystemSession) -> TotpOut:
    """Begin to use an authenticator app; the secret is shown this once."""
    own_id(actor)
    secret, address = await commands.begin_second_factor(session, actor)
    return TotpOut(secret=secret, address=address)


@router.put("/second-factor", status_code=204)
async def confirm_second_factor(given: TotpConfirm, actor: CurrentActor, session: SystemSession, now: Now) -> Response:
    """Confirm the authenticator app by its first code."""
    own_id(actor)
    await commands.confirm_second_factor(session, actor, given.code, now=now)
    return Response(status_code=204)
