"""Events: past tense, one sentence, a reference and never personal data; published with the rows they speak of."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from pydantic import ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from grid_kernel import tables, tracing
from grid_kernel.bulk import copy_mappings
from grid_kernel.schemas import Schema
from grid_kernel.types import uuid7
from grid_kernel.working_calendar import SHANGHAI

ENVELOPE = frozenset({"aggregate_id", "sequence", "occurred_at"})


class Event(Schema):
    """A fact one service says once; `subject` is its CloudEvents type and its NATS subject."""

    model_config = ConfigDict(extra="ignore")
    subject: ClassVar[str]

    aggregate_id: UUID
    sequence: int
    occurred_at: datetime
    area_code: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Enter the class into the registry under its subject."""
        super().__init_subclass__(**kwargs)
        if subject := cls.__dict__.get("subject"):
            if (known := REGISTRY.get(subject)) is not None and known.__qualname__ != cls.__qualname__:
                raise TypeError(f"{subject} is already said by {known.__qualname__}")
            REGISTRY[subject] = cls

    @classmethod
    def publisher(cls) -> str:
        """The service that says this event: the second word of its subject."""
        return cls.subject.split(".")[1]


REGISTRY: dict[str, type[Event]] = {}


def envelope(event: Event, identifier: UUID) -> bytes:
    """CloudEvents 1.0 structured JSON with `aggregateid` and `sequence` as extensions."""
    members: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(identifier),
        "source": f"/grid/{event.publisher()}",
        "type": event.subject,
        "time": event.occurred_at.astimezone(SHANGHAI).isoformat(),
        "datacontenttype": "application/json",
        "aggregateid": str(event.aggregate_id),
        "sequence": event.sequence,
        "data": event.model_dump(mode="json", by_alias=True, exclude=set(ENVELOPE)),
    }
    if traceparent := tracing.current_traceparent():
        members["traceparent"] = traceparent
    return orjson.dumps(members)


def open_envelope(body: bytes) -> tuple[UUID, Event]:
    """The id and the event of a message; ValueError when it is none of ours."""
    members = orjson.loads(body)
    kind = REGISTRY.get(members.get("type", ""))
    if kind is None:
        raise ValueError(f"no event of type {members.get('type')!r} is known")
    data = dict(members["data"])
    data |= {"aggregateId": members["aggregateid"], "sequence": members["sequence"], "occurredAt": members["time"]}
    return UUID(members["id"]), kind.model_validate(data)


def _row(event: Event) -> dict[str, Any]:
    identifier = uuid7()
    return {"id": identifier, "subject": event.subject, "body": envelope(event, identifier)}


async def publish(session: AsyncSession, event: Event) -> None:
    """Say an event if, and only if, this transaction commits."""
    await session.execute(tables.outbox.insert().values(_row(event)))
    session.info["published"] = True


async def publish_many(session: AsyncSession, events: Iterable[Event]) -> int:
    """Say many events of one transaction at the speed of COPY."""
    count = await copy_mappings(session, tables.outbox, [_row(event) for event in events])
    session.info["published"] = True
    return count
