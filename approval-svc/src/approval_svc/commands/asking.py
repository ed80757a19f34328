"""Asking the register of persons what it knows, so that the applicant is not asked again."""

from typing import get_args
from uuid import UUID

from approval_svc.schemas import FactsOut
from grid_kernel.ask import ask
from grid_kernel.contracts.population import FACTS, AskFacts, Fact
from grid_kernel.runtime import Runtime

ASKED: tuple[Fact, ...] = tuple(fact for fact in get_args(Fact) if fact != "consented_care_reasons")


async def facts_of(runtime: Runtime, person_id: UUID | None, purpose: str) -> FactsOut:
    """What the register tells about an applicant it knows, for a purpose; Unavailable when it does not answer."""
    if person_id is None:
        return FactsOut(known=False, **dict.fromkeys(ASKED))
    found = await ask(runtime, FACTS, AskFacts(person_id=person_id, facts=ASKED, purpose=purpose))
    return FactsOut.model_validate({"known": True, **found.values})
