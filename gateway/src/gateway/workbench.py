"""What waits for whoever asks, out of three services' own lists, the earliest end first."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from gateway.schemas import Part, WorkbenchOut, WorkItem, WorkPart

SHOWN: Final = 20
LISTS: Final[Mapping[str, tuple[str, str]]] = {
    "applications": ("approval", f"/v1/applications?queue=todo&order=due&limit={SHOWN}"),
    "cases": ("dispute", f"/v1/cases?queue=todo&order=due&limit={SHOWN}"),
    "followUps": ("population", f"/v1/follow-ups?limit={SHOWN}"),
}
"""The list behind each part; the rule what waits for whom is the service's."""


def lists_at(area: str | None) -> dict[str, tuple[str, str]]:
    """The lists, narrowed to an area if one is named."""
    narrowed = f"&area={area}" if area else ""
    return {name: (service, path + narrowed) for name, (service, path) in LISTS.items()}


def workbench_of(parts: Mapping[str, Part], now: datetime) -> WorkbenchOut:
    """One list out of the parts that answered."""
    found = [pair for name, part in parts.items() for pair in _items(name, part, now)]
    found.sort(key=lambda pair: (pair[0].due_at is None, pair[0].due_at or pair[1]))
    return WorkbenchOut(
        made_at=now, items=[item for item, _ in found], parts={name: _part(part) for name, part in parts.items()}
    )


def _part(part: Part) -> WorkPart:
    data = part.data or {}
    status = "unavailable" if part.status == "stale" else part.status
    return WorkPart(
        status=status, source=part.source, shown=len(data.get("items", ())), more=data.get("nextCursor") is not None
    )


def _items(name: str, part: Part, now: datetime) -> Iterator[tuple[WorkItem, datetime]]:
    """Each row with the moment it began, which orders what has no end."""
    for row in (part.data or {}).get("items", ()):
        yield _READ[name](row, now)


def _application(row: Mapping[str, Any], now: datetime) -> tuple[WorkItem, datetime]:
    due_at = _moment(row["dueAt"])
    item = WorkItem(
        kind="application",
        id=row["id"],
        code=row["receiptNumber"],
        title=row["itemName"],
        state=row["state"],
        area_code=row["areaCode"],
        due_at=due_at,
        late=due_at is not None and due_at < now,
    )
    return item, datetime.fromisoformat(row["submittedAt"])


def _case(row: Mapping[str, Any], _: datetime) -> tuple[WorkItem, datetime]:
    item = WorkItem(
        kind="case",
        id=row["id"],
        code=row["caseCode"],
        title=row["title"],
        state=row["state"],
        area_code=row["areaCode"],
        due_at=_moment(row["dueAt"]),
        late=row["late"],
    )
    return item, datetime.fromisoformat(row["reportedAt"])


def _follow_up(row: Mapping[str, Any], _: datetime) -> tuple[WorkItem, datetime]:
    item = WorkItem(
        kind="follow_up",
        id=row["id"],
        code=row["caseCode"],
        title=None,
        state=None,
        area_code=row["areaCode"],
        due_at=None,
        late=False,
    )
    return item, datetime.fromisoformat(row["requestedAt"])


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_READ = {"applications": _application, "cases": _case, "followUps": _follow_up}
