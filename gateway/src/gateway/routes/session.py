"""Signing in and out."""

from fastapi import Request
from fastapi.responses import Response

from gateway import commands, queries
from gateway.holding import CurrentHolding
from gateway.routes.me import me_of
from gateway.rules import KEPT_SESSION_LONGEST, LoginFailed, LoginLocked, SecondFactorRequired
from gateway.schemas import MeOut, SignIn
from gateway.sessions import check_same_site, signed_in
from grid_kernel.db import SystemSession
from grid_kernel.errors import Refusal, refusals, respond
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now

router = GridRouter(prefix="/session", tags=["session"])


@router.post("", response_model=MeOut, responses=refusals(LoginFailed, SecondFactorRequired, LoginLocked))
async def sign_in(
    given: SignIn, request: Request, response: Response, session: SystemSession, held: CurrentHolding, now: Now
) -> MeOut | Response:
    """Sign in: the answer sets an HttpOnly cookie. After five failures each try waits longer."""
    check_same_site_if_browser(request)
    result = await commands.sign_in(session, held.passwords, given, now=now)
    if isinstance(result, Refusal):
        return respond(request, result)
    secret, account, kept = result
    name, secure = held.sessions.cookie, held.sessions.secure
    # Without an age the cookie ends with the browser; a phone's browser is ended by the system at any moment.
    age = int(KEPT_SESSION_LONGEST.total_seconds()) if kept else None
    response.set_cookie(name, secret, max_age=age, path="/", httponly=True, samesite="lax", secure=secure)
    who = await signed_in(session, account, now)
    # The sign-in holds its transaction: what gis would have to be asked for comes with /me.
    areas = held.places.remembered(grant.area for grant in who.grants)
    return me_of(who, areas, await queries.unit_names(session, who.actor.units()))


def check_same_site_if_browser(request: Request) -> None:
    """A browser must send the sign-in from our own page; other programs need no header before they have a cookie."""
    if "origin" in request.headers or "sec-fetch-site" in request.headers:
        check_same_site(request.scope["headers"])


@router.delete("", status_code=204)
async def sign_out(request: Request, session: SystemSession, held: CurrentHolding, now: Now) -> Response:
    """Sign out: the session ends and its cookie is worth nothing."""
    response = Response(status_code=204)
    if secret := held.sessions.secret_of(request.scope["headers"]):
        await commands.sign_out(session, secret.decode("ascii", "replace"), now=now)
        held.sessions.forget_secret(session, secret)
    response.delete_cookie(held.sessions.cookie, path="/", secure=held.sessions.secure, httponly=True, samesite="lax")
    return response
