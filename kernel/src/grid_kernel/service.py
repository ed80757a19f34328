"""A service, described: everything the factory and the command line need to know of it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter
from sqlalchemy import MetaData

from grid_kernel.ask import Question
from grid_kernel.auth import Actor
from grid_kernel.events import Event

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from grid_kernel.inbox import Hearing
    from grid_kernel.runtime import Runtime

Handler = Callable[["AsyncSession", Any, "Hearing"], Awaitable[None]]
Answer = Callable[["Runtime", Actor, Any, datetime], Awaitable[Any]]
Loader = Callable[["Runtime", Path, datetime], Awaitable[object]]
Lifespan = Callable[["Runtime"], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Job:
    """Something the clock starts; it returns how many things it did."""

    name: str
    every: timedelta
    run: Callable[["Runtime", datetime], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Service:
    """One service: its name, what it serves, hears, answers and starts by itself.

    `standards` are routers outside /v1 that follow a standard literally, with a document of their own.
    """

    name: str
    package: str
    title: str
    metadata: MetaData
    scope: Callable[[Actor], tuple[str, ...]]
    routers: Sequence[APIRouter] = ()
    standards: Sequence[APIRouter] = ()
    handlers: Mapping[type[Event], Handler] = field(default_factory=dict)
    answers: Mapping[Question[Any, Any], Answer] = field(default_factory=dict)
    jobs: Sequence[Job] = ()
    code_tables: Sequence[str] = ()
    attachments: bool = False
    loader: Loader | None = None
    lifespan: Lifespan | None = None
    waits: Sequence[str] = ()
    """Paths that wait rather than work; the bound of work done at once does not count them."""
    description: str = ""
