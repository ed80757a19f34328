"""The interface reference: every operation of every service, readable and printable without a script."""

import asyncio
from collections.abc import Sequence
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from grid_site.gateway import Answer, Gateway
from grid_site.openapi import Reference, reference_of
from grid_site.rendering import Pages
from grid_site.visitors import Visitor, visitor_of

SERVICES: Final = ("population", "approval", "gis", "dispute", "gateway")


def routes(pages: Pages, gateway: Gateway) -> Sequence[BaseRoute]:
    """`/docs` and `/docs/{service}`."""

    async def document(visitor: Visitor, service: str) -> Answer:
        return await gateway.read(visitor, f"/api/{service}/v1/openapi.json")

    async def contents(request: Request) -> Response:
        visitor = visitor_of(request)
        answers = await asyncio.gather(*(document(visitor, service) for service in SERVICES))
        found: dict[str, Reference | None] = {
            service: reference_of(answer.data) if answer.ok else None
            for service, answer in zip(SERVICES, answers, strict=True)
        }
        return pages.show(request, "docs.html", services=found, me=None)

    async def service(request: Request) -> Response:
        name = request.path_params["service"]
        if name not in SERVICES:
            raise HTTPException(404)
        answer = await document(visitor_of(request), name)
        reference = reference_of(answer.data) if answer.ok else None
        status = 200 if answer.ok else 503
        return pages.show(
            request, "docs_service.html", status=status, name=name, services=SERVICES, reference=reference, me=None
        )

    return [Route("/docs", contents), Route("/docs/{service}", service)]
