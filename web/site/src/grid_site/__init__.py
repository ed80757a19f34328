"""Pages rendered in Python for residents and leaders."""

from collections.abc import Sequence

import httpx
from starlette.applications import Starlette


def create_site(client: httpx.AsyncClient, *, cookie_names: Sequence[str]) -> Starlette:  # noqa: ARG001
    """The pages; `client` speaks to the gateway."""
    return Starlette()
