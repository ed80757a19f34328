"""Passwords and one-time codes: slow by intent, so they run beside the event loop and in bounded number."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

import pyotp
from pwdlib import PasswordHash

from grid_kernel.errors import Overloaded

Answered = TypeVar("Answered")
QUEUE_PER_WORKER = 16
_STEP_SECONDS = 30
_hasher = PasswordHash.recommended()
# Compared against when there is no such account, so that the answer takes as long.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


class Passwords:
    """Hashes and checks in a few threads; more than they can do soon is refused."""

    def __init__(self, workers: int) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="password")
        self._places = workers * QUEUE_PER_WORKER
        self._waiting = 0

    async def matches(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; False, and as slow, when none is stored."""
        same = await self._run(_hasher.verify, password, stored or _NOBODY)
        return same and stored is not None

    async def hash(self, password: str) -> str:
        """The argon2id hash to store."""
        return await self._run(_hasher.hash, password)

    async def _run(self, function: Callable[..., Answered], *arguments: str) -> Answered:
        if self._waiting >= self._places:
            raise Overloaded(headers={"Retry-After": "2"})
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, function, *arguments)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Let the threads end."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def new_totp_secret() -> str:
    """A secret for an authenticator app (RFC 6238)."""
    return pyotp.random_base32()


def totp_address(secret: str, login: str) -> str:
    """The otpauth:// address an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name="青山区社区网格")


def totp_counter(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The time step a code belongs to (one step of clock drift each way), None if wrong or already used."""
    current = int(now.timestamp()) // _STEP_SECONDS
    for counter in (current, current - 1, current + 1):
        if counter > after and secrets.compare_digest(pyotp.TOTP(secret).at(counter * _STEP_SECONDS), code):
            return counter
    return None
