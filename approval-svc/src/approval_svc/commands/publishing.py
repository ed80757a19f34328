"""Publish versions of service items: a version in force is never edited, a later one ends it."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from importlib.resources import files
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from approval_svc import queries, rules
from approval_svc.models import ServiceItem
from grid_kernel.events import publish

_SAME = ("code", "name", "theme", "level", "item_type", "handling_type")
_OPTIONAL = ("notice_basis", "conditions", "stages", "source_org", "source_page", "source_quality", "note")


async def publish_item(session: AsyncSession, item: ServiceItem, *, now: datetime) -> ServiceItem:
    """Put a version into force from its first day; the one before it ends there. InconsistentItem if it cannot be."""
    rules.check_item(item.handling_type, item.limits())
    before = await queries.open_item(session, item.code)
    if before is not None:
        rules.check_follows(before.valid_from, item.valid_from)
        before.end(item.valid_from)
        await session.flush()
    session.add(item)
    await publish(session, item.published(now, str(session.info["district"])))
    return item


async def publish_catalogue(session: AsyncSession, *, now: datetime) -> int:
    """Publish the versions of the packaged catalogue that are not stored yet."""
    known = await queries.known_items(session)
    papers = list(_table("service_item_materials"))
    fresh = [row for row in _table("service_items") if (row["code"], int(row["version"])) not in known]
    for row in fresh:
        of_it = [
            paper for paper in papers if (paper["item_code"], paper["item_version"]) == (row["code"], row["version"])
        ]
        await publish_item(session, _item(row, of_it), now=now)
    return len(fresh)


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (files("approval_svc") / "data" / f"{name}.csv").read_text("utf-8-sig")
    yield from csv.DictReader(text.splitlines())


def _item(row: dict[str, str], papers: list[dict[str, str]]) -> ServiceItem:
    values: dict[str, Any] = {name: row[name] for name in _SAME} | {name: row[name] or None for name in _OPTIONAL}
    for name in ("statutory", "promised", "notice"):
        amount = row[f"{name}_limit_amount"]
        values[f"{name}_amount"] = int(amount) if amount else None
        values[f"{name}_unit"] = row[f"{name}_limit_unit"] or None
    return ServiceItem(
        **values,
        item_version=int(row["version"]),
        unit_code=row["department"],
        deemed_accepted=row["deemed_accepted"] == "1",
        materials=[_paper(paper) for paper in papers],
        materials_complete=row["materials_complete"] == "1",
        source_year=int(row["source_year"]) if row["source_year"] else None,
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
    )


def _paper(row: dict[str, str]) -> dict[str, Any]:
    return {
        "seq": int(row["seq"]),
        "name": row["name"],
        "original": row["original"] == "1",
        "copies": int(row["copies"]) if row["copies"] else None,
        "required": row["required"] == "1",
        "condition": row["condition"] or None,
    }
