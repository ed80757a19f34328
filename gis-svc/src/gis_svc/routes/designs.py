"""Designs of grids: two proposals side by side, and one of a community put into force."""

from typing import Any
from uuid import UUID

import orjson

from gis_svc import commands, rules
from gis_svc.queries import jobs
from gis_svc.routes.grids import AREAS_CHANGE, TOPOLOGY
from gis_svc.rules import JobState
from gis_svc.schemas import Approval, CommunityCompared, DesignApproved, DesignFigures, DesignsCompared
from grid_kernel.auth import Actor, CurrentActor
from grid_kernel.db import WriteSession
from grid_kernel.errors import Forbidden, NotFound, Stale, refusals
from grid_kernel.reads import ReadRunner
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import Now, Reads

router = GridRouter(prefix="/designs", tags=["designs"])
_APPROVED = refusals(
    Forbidden,
    NotFound,
    Stale,
    *TOPOLOGY,
    rules.ResultNotReady,
    rules.DesignOutdated,
    rules.PartsLeaveGap,
    rules.GridCodesExhausted,
)


@router.get("/{job_id}/comparison", responses=refusals(NotFound, rules.ResultNotReady))
async def compare_designs(reads: Reads, actor: CurrentActor, job_id: UUID, other: UUID) -> DesignsCompared:
    """The figures of two proposals of the caller side by side, as a whole and by community."""
    first, second = await _summary(reads, actor, job_id), await _summary(reads, actor, other)
    one, two = ({each["areaCode"]: each for each in told["communities"]} for told in (first, second))
    return DesignsCompared(
        first=_figures(first),
        second=_figures(second),
        communities=[
            CommunityCompared(
                area_code=code,
                first=_figures(one[code]) if code in one else None,
                second=_figures(two[code]) if code in two else None,
            )
            for code in sorted(one.keys() | two.keys())
        ],
    )


async def _summary(reads: ReadRunner, actor: Actor, job_id: UUID) -> dict[str, Any]:
    row = await jobs.design(reads, actor, job_id)
    if row["state"] is not JobState.SUCCESSFUL:
        raise rules.ResultNotReady(state=row["state"])
    summary: dict[str, Any] = orjson.loads(row["result"])["summary"]
    return summary


def _figures(told: dict[str, Any]) -> DesignFigures:
    names = (str(member.alias) for member in DesignFigures.model_fields.values())
    return DesignFigures.model_validate({name: told[name] for name in names})


@router.post("/{job_id}/approvals", status_code=201, responses=_APPROVED, dependencies=AREAS_CHANGE)
async def approve_design(
    session: WriteSession, actor: CurrentActor, job_id: UUID, wanted: Approval, now: Now
) -> DesignApproved:
    """Put the design of a whole community into force in one step: grids redrawn, new, ended, buildings moved."""
    return await commands.approve(session, actor, job_id, wanted, now=now)
