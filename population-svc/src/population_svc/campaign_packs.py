"""Running campaigns for the phone: the form of each, and what is known of the homes that are still to be asked."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from grid_kernel.auth import Actor
from grid_kernel.reads import ReadRunner
from population_svc import form_documents, queries, register_text, rules
from population_svc.models import Form
from population_svc.register_reads import read_rows
from population_svc.schemas import CampaignTarget, PackCampaign

_MOST_HOMES = 2_000
LABELS: Mapping[str, tuple[str, ...]] = {"dwelling": ("address", "room_no"), "place": ("place_name", "place_address")}
"""What says of a target that is no household which one it is."""


def label(subject: str, row: Mapping[str, Any]) -> str | None:
    """How people find a target that is no household: an address as far as its room, a name and where it is."""
    said = [str(row[f"e_{name}"]) for name in LABELS.get(subject, ()) if row[f"e_{name}"]]
    return " ".join(each for place, each in enumerate(said) if place == 0 or each not in said[0]) or None


async def campaigns_in(reads: ReadRunner, actor: Actor, grid: str, day: date) -> list[PackCampaign]:
    """The campaigns that run over a grid; what they show of homes is recorded."""
    running = await reads.fetch(queries.running_in(grid, day))
    forms = {row["id"]: Form(**row) for row in await queries.forms_named(reads, [row["form_id"] for row in running])}
    return [await _packed(reads, actor, grid, row, forms[row["form_id"]]) for row in running]


async def _packed(reads: ReadRunner, actor: Actor, grid: str, row: Any, form: Form) -> PackCampaign:
    told = [field["element"] for field in form.fields if field["known"]]
    told += [each for each in LABELS.get(row["subject"], ()) if each not in told]
    subject, which = row["subject"], row["id"]
    homes = await read_rows(
        reads, actor, subject, told, purpose="campaign", area=grid, campaign=which, limit=_MOST_HOMES
    )
    return PackCampaign(
        **{name: row[name] for name in ("id", "kind", "name", "basis", "ends_on", "subject")},
        form_schema=form_documents.json_schema(form, rules.register_elements()),
        targets=[
            CampaignTarget(
                target_id=home["id"],
                label=None if home["answered_at"] else label(subject, home),
                known={} if home["answered_at"] else register_text.known_of(actor, form.fields, home),
                answered_at=home["answered_at"],
            )
            for home in homes
        ],
    )


def open_until(running: Sequence[PackCampaign]) -> dict[UUID, date]:
    """Until when each home is still to be asked: the first end of its campaigns."""
    until: dict[UUID, date] = {}
    for campaign in running:
        for target in campaign.targets:
            if target.answered_at is None:
                until[target.target_id] = min(until.get(target.target_id, campaign.ends_on), campaign.ends_on)
    return until
