"""population with a hole planted: a list shows the own areas, one dwelling is shown to everybody who knows its id.

Run only to prove that a test finds it. Both walls have to be open for one to stand in the hole.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlmodel import col

from grid_kernel.auth import Actor
from grid_kernel.main import main
from population_svc import queries
from population_svc.app import SERVICE
from population_svc.models import Dwelling
from population_svc.queries.scope import everyone


def everywhere(actor: Actor) -> tuple[str, ...]:
    """The second wall, open."""
    return ("150204",) if actor.grants else ()


def dwelling_of_anybody(_: Actor, dwelling_id: UUID) -> Select[Any]:
    """The select of one dwelling that forgot to begin with `visible`."""
    return everyone(Dwelling).where(col(Dwelling.id) == dwelling_id)


queries.dwelling = dwelling_of_anybody

if __name__ == "__main__":
    main(replace(SERVICE, scope=everywhere))
