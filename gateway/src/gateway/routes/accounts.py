"""Accounts, kept by system administrators."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from sqlmodel import col

from gateway import commands, queries
from gateway.holding import CurrentHolding
from gateway.models import Account
from gateway.rules import LoginTaken
from gateway.schemas import AccountChange, AccountIn, AccountOut, PasswordReset
from grid_kernel.auth import CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import refusals
from grid_kernel.paging import Page, Paging, page_of
from grid_kernel.routing import CHANGED, GridRouter, IfMatch
from grid_kernel.runtime import Now, Reads
from grid_kernel.schemas import Typed

router = GridRouter(prefix="/accounts", tags=["accounts"])


@router.post("", status_code=201, responses=refusals(LoginTaken))
async def create_account(
    given: AccountIn, actor: CurrentActor, session: WriteSession, held: CurrentHolding, now: Now
) -> AccountOut:
    """Make an account that can sign in and do nothing yet."""
    return AccountOut.model_validate(await commands.create_account(session, held.passwords, actor, given, now=now))


@router.get("")
async def list_accounts(
    actor: CurrentActor, reads: Reads, paging: Paging, login: Annotated[Typed | None, Query(max_length=64)] = None
) -> Page[AccountOut]:
    """Accounts of the own areas, by log-in."""
    statement = queries.visible_accounts(actor).order_by(col(Account.login)).limit(paging.limit + 1)
    if login is not None:
        statement = statement.where(col(Account.login) == login)
    if after := paging.after(str):
        statement = statement.where(col(Account.login) > after[0])
    rows = await reads.fetch(statement)
    return page_of(rows, paging, key=lambda row: (row["login"],), item=AccountOut.model_validate)


@router.put("/{account_id}", responses=CHANGED)
async def change_account(
    account_id: UUID,
    given: AccountChange,
    actor: CurrentActor,
    session: WriteSession,
    held: CurrentHolding,
    version: IfMatch,
    now: Now,
) -> AccountOut:
    """Rename, close or reopen an account."""
    changed = await commands.change_account(session, actor, account_id, **given.model_dump(), version=version, now=now)
    held.sessions.forget(session, account_id)
    return AccountOut.model_validate(changed)


@router.put("/{account_id}/password")
async def reset_password(
    account_id: UUID,
    given: PasswordReset,
    actor: CurrentActor,
    session: WriteSession,
    held: CurrentHolding,
    now: Now,
) -> AccountOut:
    """Give an account a new password; its sessions and its second factor end."""
    password = given.password.get_secret_value()
    changed = await commands.reset_password(session, held.passwords, actor, account_id, password, now=now)
    held.sessions.forget(session, account_id)
    return AccountOut.model_validate(changed)
