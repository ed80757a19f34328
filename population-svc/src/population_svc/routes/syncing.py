"""Sync: what phones kept while they were offline."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from pydantic.alias_generators import to_camel
from pydantic_core import to_jsonable_python

from grid_kernel.auth import CurrentActor
from grid_kernel.errors import Forbidden, InvalidInput, instance_of, problem, refusals
from grid_kernel.labels import Labels, preferred_language
from grid_kernel.routing import GridRouter
from grid_kernel.runtime import CurrentRuntime, Now
from population_svc import commands, rules
from population_svc.commands import Outcome
from population_svc.schemas import ClashOut, OperationResult, SyncIn, SyncOut

syncing = GridRouter(prefix="/sync", tags=["packs"])


@syncing.post("", responses=refusals(InvalidInput, Forbidden))
async def sync(sent: SyncIn, request: Request, actor: CurrentActor, runtime: CurrentRuntime, now: Now) -> SyncOut:
    """Take over what a phone kept: each operation once and by itself, answered in the order in which it was sent."""
    rules.check_keeps_register(actor)
    outcomes = await commands.sync(runtime, actor, sent.operations, now)
    return SyncOut(results=[_result(outcome, request) for outcome in outcomes])


def _result(outcome: Outcome, request: Request) -> OperationResult:
    words = _words(outcome, request)
    return OperationResult(
        id=outcome.id,
        result=outcome.result,
        version=outcome.version,
        code=words.get("code"),
        title=words.get("title"),
        detail=words.get("detail"),
        errors=words.get("errors", []),
        conflicts=[
            ClashOut(
                member=to_camel(clash.member),
                phone=to_jsonable_python(clash.phone),
                server=to_jsonable_python(clash.server),
            )
            for clash in outcome.clashes
        ],
        server=outcome.server and outcome.server.model_dump(mode="json", by_alias=True),
    )


def _words(outcome: Outcome, request: Request) -> Mapping[str, Any]:
    """What a refusal says, in the language of the phone."""
    if outcome.refusal is None:
        return {}
    labels: Labels = request.app.state.labels
    language = preferred_language(request.headers.get("accept-language", ""))
    return problem(outcome.refusal, labels, language, instance_of(request.scope))
