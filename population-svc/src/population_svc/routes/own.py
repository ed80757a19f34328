"""The own record of a person: opened by a code of the window, in bodies only, without an account."""

from fastapi import Request
from fastapi.responses import Response

from grid_kernel.auth import CurrentActor
from grid_kernel.db import SystemSession, WriteSession
from grid_kernel.errors import Forbidden, InvalidInput, NotFound, Refusal, refusals, respond
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now
from population_svc import commands, identity
from population_svc import own as told
from population_svc.rules import (
    CareEntryEnded,
    IdentityProviderAway,
    NoConsentToWithdraw,
    OwnCodeLocked,
    OwnCodeUnknown,
    OwnRecordClosed,
    OwnRecordUnknown,
    OwnSignInNotOffered,
    OwnSignInRefused,
)
from population_svc.schemas import (
    OwnAsk,
    OwnCodeIn,
    OwnCodeOut,
    OwnOpening,
    OwnPass,
    OwnRecord,
    OwnRequestIn,
    OwnSignedIn,
    OwnSignIn,
    OwnWays,
    OwnWithdrawal,
)

own = GridRouter(tags=["own record"])


@own.post("/own-codes", status_code=201, responses=refusals(InvalidInput, Forbidden))
async def issue_own_code(entry: OwnCodeIn, actor: CurrentActor, session: WriteSession, now: Now) -> OwnCodeOut:
    """Make the code for whoever shows this card at the window; it opens the own record once, within half an hour."""
    return await commands.issue_own_code(session, actor, entry, now=now)


@own.post("/own-record/openings", response_model=OwnPass, responses=refusals(OwnCodeUnknown, OwnCodeLocked))
async def open_own_record(entry: OwnOpening, request: Request, session: SystemSession, now: Now) -> OwnPass | Response:
    """Open the own record by the code and the date of birth; five wrong dates spend the code."""
    found = await commands.open_own(session, entry, now=now)
    return respond(request, found) if isinstance(found, Refusal) else found


@own.get("/own-record/ways")
async def list_own_ways(runtime: CurrentRuntime) -> OwnWays:
    """Whether one may come by the identity provider, besides by the code of the window."""
    return OwnWays(sign_in=identity.is_offered(runtime))


@own.post(
    "/own-record/sign-ins",
    responses=refusals(OwnSignInNotOffered, OwnSignInRefused, IdentityProviderAway),
)
async def begin_own_sign_in(runtime: CurrentRuntime, now: Now) -> OwnSignIn:
    """Begin to sign in with the identity provider: the address, and a ticket for the browser to keep."""
    begun = await identity.identity_of(runtime).begin(now)
    return OwnSignIn(address=begun.address, ticket=begun.ticket, ends_at=begun.ends_at)


@own.post(
    "/own-record/sign-ins/openings",
    responses=refusals(OwnSignInNotOffered, OwnSignInRefused, OwnRecordUnknown, IdentityProviderAway),
)
async def open_signed_in(entry: OwnSignedIn, request: Request, runtime: CurrentRuntime, now: Now) -> OwnPass:
    """Open the own record with what the identity provider answered."""
    # No transaction waits for somebody else's server.
    number = await identity.identity_of(runtime).finish(entry.ticket, entry.state, entry.code, now)
    async with runtime.system_session(request) as session:
        return await commands.open_signed_in(session, number, now=now)


@own.post("/own-record", responses=refusals(OwnRecordClosed))
async def read_own_record(entry: OwnAsk, session: SystemSession, now: Now) -> OwnRecord:
    """Everything that is kept of oneself, who looked at it, and what one asked for."""
    return await told.own_record(session, await commands.opened(session, entry, now=now), now)


@own.post("/own-record/requests", responses=refusals(InvalidInput, OwnRecordClosed))
async def ask_of_own_record(
    entry: OwnRequestIn, session: SystemSession, runtime: CurrentRuntime, now: Now
) -> OwnRecord:
    """Ask for a correction, deletion, restriction, explanation or notes of visits; answered by a day."""
    access = await commands.ask_of_own(session, entry, calendar=await runtime.calendar(), now=now)
    return await told.own_record(session, access, now)


@own.post("/own-record/withdrawals", responses=refusals(NotFound, OwnRecordClosed, CareEntryEnded, NoConsentToWithdraw))
async def withdraw_own_consent(entry: OwnWithdrawal, session: SystemSession, now: Now) -> OwnRecord:
    """Withdraw a consent to be on the care list; it ends today."""
    access = await commands.withdraw_own(session, entry, now=now)
    return await told.own_record(session, access, now)


@own.post("/own-record/closing", status_code=204, responses=refusals(OwnRecordClosed))
async def close_own_record(entry: OwnAsk, session: SystemSession, now: Now) -> None:
    """Close the own record before the half hour is over."""
    await commands.close_own(session, entry, now=now)
