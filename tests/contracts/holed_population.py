"""population with a hole planted: everybody sees the whole district. Run only to prove that a test finds it."""

from grid_kernel.auth import Actor
from grid_kernel.main import main
from population_svc import rules


def everywhere(actor: Actor) -> tuple[str, ...]:
    """Both walls ask this."""
    return ("150204",) if actor.grants else ()


rules.scope = everywhere

from population_svc.app import SERVICE  # noqa: E402 - the hole comes first

if __name__ == "__main__":
    main(SERVICE)
