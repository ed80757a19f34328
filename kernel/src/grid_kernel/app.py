"""The app of a service: everything around its routes is the same for all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from grid_kernel import errors, openapi, telemetry, tracing
from grid_kernel.attachments import attachments
from grid_kernel.common_routes import common, probes
from grid_kernel.labels import Labels
from grid_kernel.listening import with_kernel_handlers
from grid_kernel.middleware import BodyLimit, Envelope, InFlightLimit
from grid_kernel.runtime import open_runtime
from grid_kernel.service import Service
from grid_kernel.settings import ServiceSettings
from grid_kernel.workers import Workers, work_beside

API_VERSION = "0.1.0"


def service_app(
    service: Service, settings: ServiceSettings | None = None, *, workers: Workers = Workers.ALL
) -> FastAPI:
    """Make the app of a service. `workers` says what runs beside the API in this process."""
    settings = settings or ServiceSettings.load(service.name)
    service = replace(service, handlers=with_kernel_handlers(service))
    labels = Labels.load("grid_kernel", service.package)
    tracing.configure(service.name, settings.otlp_endpoint)
    telemetry.configure_logging(service.name, settings.log_level)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        async with AsyncExitStack() as stack:
            runtime = await stack.enter_async_context(open_runtime(service, settings, labels))
            if service.lifespan is not None:
                await stack.enter_async_context(service.lifespan(runtime))
            await stack.enter_async_context(work_beside(runtime, workers))
            yield {"runtime": runtime}

    app = FastAPI(
        title=service.title,
        version=API_VERSION,
        description=service.description,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=openapi.operation_id,
        redirect_slashes=False,
        # Its spans would double ours, its logs carry what was sent.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.labels = labels
    app.state.service = service.name
    app.openapi = lambda: openapi.document(app, service=service.name)  # type: ignore[method-assign]  # FastAPI's way
    app.add_exception_handler(errors.Refusal, errors.on_refusal)
    app.add_exception_handler(RequestValidationError, errors.on_invalid)
    app.add_exception_handler(HTTPException, errors.on_http)
    for router in (probes, common, *((attachments,) if service.attachments else ())):
        app.include_router(router)
    for router in service.routers:
        app.include_router(router, prefix="/v1")
    for router in service.standards:
        app.include_router(router, include_in_schema=False)
    # The last one added is the outermost.
    app.add_middleware(BodyLimit, limit=settings.max_body_bytes, labels=labels)
    limit, waits = settings.in_flight_limit, service.waits
    app.add_middleware(InFlightLimit, limit=limit, service=service.name, labels=labels, unbounded=waits)
    app.add_middleware(Envelope, service=service.name, version=API_VERSION, labels=labels)
    return app
